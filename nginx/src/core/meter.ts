// Speed and time left, smoothed so that the numbers can be read.

/** How fast the average forgets, in milliseconds. */
const MEMORY_MS = 4_000;
/** Browsers report progress in bursts; shorter stretches than this say nothing about speed. */
const MIN_STRETCH_MS = 250;
/** After so many milliseconds without a byte, what was measured before says nothing about the time left. */
const SILENCE_MS = 10_000;

export class Meter {
  #speed: number | null = null;
  #since: number | null = null;
  #bytes = 0;

  add(bytes: number, now: number): void {
    this.#since ??= now;
    this.#bytes += bytes;
    const elapsed = now - this.#since;
    if (elapsed < MIN_STRETCH_MS) return;
    const measured = (this.#bytes / elapsed) * 1_000;
    const weight = 1 - Math.exp(-elapsed / MEMORY_MS);
    this.#speed = this.#speed === null ? measured : this.#speed + weight * (measured - this.#speed);
    this.#since = now;
    this.#bytes = 0;
  }

  /** Bytes per second; fades while nothing moves, and is 0 after ten seconds of that. */
  speed(now: number): number {
    if (this.#speed === null || this.#since === null) return 0;
    if (now - this.#since > SILENCE_MS) return 0;
    const idle = Math.max(0, now - this.#since - MEMORY_MS / 2);
    return this.#speed * Math.exp(-idle / MEMORY_MS);
  }

  /** Seconds until `bytes` more are sent; Infinity while nothing moves. */
  eta(bytes: number, now: number): number {
    if (bytes <= 0) return 0;
    const speed = this.speed(now);
    return speed < 1 ? Number.POSITIVE_INFINITY : bytes / speed;
  }
}
