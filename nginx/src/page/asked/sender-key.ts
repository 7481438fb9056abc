// By what a link knows its sender again: a random key that this browser keeps, for each link another one.

const KEY_BYTES = 16;
const kept = new Map<string, string>();

/** Told on the page when what is kept of a link was forgotten. */
export const FORGOTTEN = "droppr:forgotten";

export function keyName(hash: string): string {
  return `droppr_key_${hash}`;
}

/** 22 characters of base64url; made when it is first asked for. Where nothing is kept it counts for this visit. */
export function senderKey(hash: string): string {
  try {
    const name = keyName(hash);
    // Another tab may have made one at the same time: the one that is there is both tabs'.
    if (!isKey(localStorage.getItem(name))) localStorage.setItem(name, newKey());
    const key = localStorage.getItem(name);
    if (isKey(key)) return key;
  } catch {
    // No storage: private windows, or it is full.
  }
  const key = kept.get(hash) ?? newKey();
  kept.set(hash, key);
  return key;
}

function isKey(key: string | null): key is string {
  return key !== null && /^[\w-]{22}$/.test(key);
}

function newKey(): string {
  const random = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return btoa(String.fromCharCode(...random))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
