// Upload keys: chosen by the client, one for each upload, so that an opening whose answer is lost can be repeated
// without making a second upload.

const KEY_BYTES = 18;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** 24 characters of `[A-Za-z0-9_-]` from 144 random bits. */
export function newUploadKey(): string {
  // Also there on plain http, unlike `crypto.subtle` and `randomUUID`.
  const random = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  let key = "";
  for (let at = 0; at < KEY_BYTES; at += 3) {
    const bits = ((random[at] ?? 0) << 16) | ((random[at + 1] ?? 0) << 8) | (random[at + 2] ?? 0);
    for (const shift of [18, 12, 6, 0]) key += ALPHABET[(bits >> shift) & 63];
  }
  return key;
}
