import { networkError } from "../../src/core/errors";
import type { Pace } from "../../src/core/pace";

/** Rates are bytes a second; see `Shape` in tests/bench/lines.py, which plays the same for real. */
export interface Shape {
  readonly total: number;
  readonly each: number;
  /** Seconds there and back. */
  readonly roundTrip: number;
  readonly others?: number;
  /** What each connection gets of `each`, in turns. */
  readonly unlike?: readonly number[];
  /** Bytes after which a connection breaks, on average. */
  readonly cutAfter?: number;
}

interface Lane {
  readonly connection: number;
  readonly bytes: number;
  readonly began: number;
  left: number;
  /** Seconds until its first byte moves. */
  wait: number;
}

/** Sends so many bytes over a line as `pace` says, in its own time. Returns the seconds that took and the widths seen. */
export function play(
  pace: Pace,
  shape: Shape,
  size: number,
  random: () => number,
): { seconds: number; widths: number[] } {
  const lanes: Lane[] = [];
  const widths: number[] = [];
  let now = 0;
  let left = size;
  const idle: number[] = [];
  let connections = 0;
  const start = (): void => {
    // A new connection takes a round trip more than one that is there already.
    const wait = shape.roundTrip * (idle.length > 0 ? 1 : 2);
    const connection = idle.pop() ?? connections++;
    const underWay = lanes.reduce((sum, lane) => sum + lane.bytes, 0);
    const bytes = Math.min(left, pace.next(left, pace.width, pace.chunkSize, underWay));
    left -= bytes;
    lanes.push({ connection, bytes, began: now, left: bytes, wait });
  };
  while (left > 0 || lanes.length > 0) {
    while (left > 0 && lanes.length < pace.width) start();
    const sending = lanes.filter(({ wait }) => wait <= 0).length;
    const fair = shape.total / (sending + (shape.others ?? 0));
    const rate = ({ connection }: Lane): number =>
      Math.min(shape.each * (shape.unlike?.[connection % shape.unlike.length] ?? 1), fair);
    const step = Math.min(...lanes.map((lane) => (lane.wait > 0 ? lane.wait : lane.left / rate(lane))));
    now += step;
    for (const lane of [...lanes]) {
      if (lane.wait > 0) {
        lane.wait = lane.wait - step < 1e-9 ? 0 : lane.wait - step;
        continue;
      }
      const moved = rate(lane) * step;
      lane.left -= moved;
      const breaks = shape.cutAfter !== undefined && random() < 1 - Math.exp(-moved / shape.cutAfter);
      if (lane.left > 1e-6 && !breaks) continue;
      const [bytes, began, at] = [lane.bytes, lane.began * 1_000, now * 1_000];
      if (breaks) pace.failed(networkError(), bytes, began, at, lanes.length);
      else pace.accepted(bytes, began, at, lanes.length);
      if (breaks) left += bytes;
      else idle.push(lane.connection);
      lanes.splice(lanes.indexOf(lane), 1);
      widths.push(pace.width);
    }
  }
  return { seconds: now, widths };
}
