// Files that look the same and are not: of one path, size and date, as reproducible builds and records of a fixed size have
// them. Loaded when the first two look the same.

import { sampleSpans } from "../core/sample";
import type { FileLike } from "../ports";
import { identity, type Picked } from "./limits";

/** How many are read at the same time. */
const MAX_READS_AT_ONCE = 16;

/** Those of `picked` that have other bytes than all of `listed` that look the same, in the places a sample looks at. */
export async function withOtherBytes(
  picked: readonly Picked[],
  listed: readonly { readonly file: FileLike; readonly path: string }[],
): Promise<ReadonlySet<Picked>> {
  const alike = new Map<string, FileLike[]>();
  for (const each of listed) {
    const [key, { file }] = [identity(each), each];
    alike.set(key, [...(alike.get(key) ?? []), file]);
  }
  const found = new Set<Picked>();
  const waiting = [...picked];
  const compare = async (): Promise<void> => {
    for (let each = waiting.shift(); each !== undefined; each = waiting.shift()) {
      const { file } = each;
      const others = alike.get(identity(each)) ?? [];
      const same = await Promise.all(others.map((other) => haveSameBytes(other, file)));
      if (!same.includes(true)) found.add(each);
    }
  };
  await Promise.all(Array.from({ length: MAX_READS_AT_ONCE }, compare));
  return found;
}

/** What cannot be read is not told apart. */
async function haveSameBytes(one: FileLike, other: FileLike): Promise<boolean> {
  if (one === other) return true;
  try {
    for (const { start, stop } of sampleSpans(one.size)) {
      const [a, b] = await Promise.all([one, other].map((file) => bytesOf(file, start, stop)));
      if (a?.some((byte, at) => byte !== b?.[at])) return false;
    }
  } catch {
    return true;
  }
  return true;
}

async function bytesOf(file: FileLike, start: number, stop: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(start, stop).arrayBuffer());
}
