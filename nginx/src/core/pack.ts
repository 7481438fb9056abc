// Many small whole files in one request: for each a line of JSON, then its bytes.

export const PACK_TYPE = "application/vnd.droppr.pack";
/** Files up to this size go in packs, in bytes. */
export const MAX_PACKED_FILE_BYTES = 1024 * 1024;
/** A pack is kept below this many bytes and files, so that a lost one costs little. */
export const MAX_PACK_BYTES = 8 * 1024 * 1024;
export const MAX_PACK_FILES = 500;
const MAX_LINE_BYTES = 8 * 1024;

export interface PackLimits {
  readonly maxFiles: number;
  /** Bytes of the whole request. */
  readonly maxBytes: number;
}

export interface PackEntry {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  readonly senderName?: string;
  readonly senderEmail?: string;
  /** Of the link's checklist; empty for none. */
  readonly item?: string;
}

/** The line before a file's bytes, `\n` included. */
export function packLine(entry: PackEntry): string {
  const { path, size, key, lastModified, senderName, senderEmail, item } = entry;
  const fields = {
    path,
    size,
    key,
    last_modified: lastModified / 1_000,
    ...(senderName ? { sender_name: senderName } : {}),
    ...(senderEmail ? { sender_email: senderEmail } : {}),
    ...(item ? { item } : {}),
  };
  return `${JSON.stringify(fields)}\n`;
}

/** Whether a file may go in a pack. A line has at most 8 KiB; its path is counted as UTF-8 at its widest. */
export function fitsPack(path: string, size: number, { maxBytes }: PackLimits): boolean {
  return (
    size <= MAX_PACKED_FILE_BYTES &&
    size + MAX_LINE_BYTES <= maxBytes &&
    path.length * 3 < MAX_LINE_BYTES - 2048
  );
}
