// Half-open byte arithmetic: Span(0, 100) is a hundred bytes. The inclusive `end` exists only on the wire.

export interface Span {
  readonly start: number;
  readonly stop: number;
}

/** `[first byte, last byte]`, as in `missing_ranges` and `received_ranges`. */
export type WireRange = readonly [number, number];

export function span(start: number, stop: number): Span {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(stop) || start < 0 || stop <= start) {
    throw new RangeError(`Not a span of bytes: ${start} to ${stop}`);
  }
  return { start, stop };
}

export function lengthOf({ start, stop }: Span): number {
  return stop - start;
}

/** An immutable set of bytes, kept as sorted spans that neither touch nor overlap. */
export class ByteRanges {
  static readonly none = new ByteRanges([]);
  private constructor(readonly spans: readonly Span[]) {}

  static of(spans: readonly Span[]): ByteRanges {
    return new ByteRanges(merged(spans));
  }

  static fromWire(ranges: readonly WireRange[]): ByteRanges {
    return ByteRanges.of(ranges.map(([start, end]) => span(start, end + 1)));
  }

  toWire(): WireRange[] {
    return this.spans.map(({ start, stop }) => [start, stop - 1]);
  }

  add(added: Span): ByteRanges {
    return ByteRanges.of([...this.spans, added]);
  }

  /** What of `[0, total)` is not in this set. */
  missing(total: number): ByteRanges {
    const gaps: Span[] = [];
    let at = 0;
    for (const { start, stop } of this.spans) {
      if (start >= total) break;
      if (start > at) gaps.push(span(at, start));
      at = stop;
    }
    if (at < total) gaps.push(span(at, total));
    return new ByteRanges(gaps);
  }

  /** What of this set lies in `[0, total)`. */
  within(total: number): ByteRanges {
    const inside = this.spans.filter(({ start }) => start < total);
    return new ByteRanges(inside.map(({ start, stop }) => span(start, Math.min(stop, total))));
  }

  covers(wanted: Span): boolean {
    return this.spans.some(({ start, stop }) => start <= wanted.start && wanted.stop <= stop);
  }

  get bytes(): number {
    return this.spans.reduce((sum, each) => sum + lengthOf(each), 0);
  }
}

function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const next of spans.toSorted((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last === undefined || next.start > last.stop) result.push(next);
    else result[result.length - 1] = span(last.start, Math.max(last.stop, next.stop));
  }
  return result;
}
