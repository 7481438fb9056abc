// How much to send at once: the number of chunks in flight and their size follow what the line is seen to do. Shared by
// all files that go to one server, because they share the line. The command line client has the same rule in Python
// (droppr_client/upload/pace.py); tests/fixtures/pace.json holds both to the same answers.
//
// Width: what one lane carries, times their number, is what the line carries. It is measured over a round of chunks that
// were sent at one width, lost ones included. While more lanes carry clearly more, their number doubles; where they do not it
// goes back, and asks again after 1, 2, 4 … rounds: once more for the double, since the measure may have been a bad one, then for
// a quarter more. 503, 429 and timeouts halve it, once for all requests that were under way together; so does a line on which nearly
// every connection is lost. A single connection that breaks says nothing about the width: only smaller chunks help against that.
//
// Chunk size: whole MiB, towards a few seconds for each chunk: short enough to lose little, long enough to amortise a round trip.
// A lane that carries less than the others gets less, by what it has just carried, or all would wait for it in the end.
// While the width is being looked for, single chunks are between half of it and the whole, each another part of it: lanes that
// begin together do not end together, now and later, and while one waits for its answer the others have the line. Towards the
// end of what there is to send come shares that let all lanes end together: what is left, dealt out by what each lane carries.
//
// What has to hold: a chunk counts for the present width only if it began after the last change (`#changedAt`), else the new
// width is judged by what the old one carried; the width is halved once for all requests that were under way together
// (`#narrowedAt`), else six refusals at once would leave a sixty-fourth; and what is changed here is changed in the Python rule,
// too, and the fixture written anew, else pages and command line crowd each other off one line.

import type { UploadError } from "./errors";

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
/** Lanes that are added have to carry at least this part of what the others carry each. */
const WORTHWHILE_SHARE = 0.125;
/** Seconds each lane has to be watched for: shorter rounds say nothing about speed. */
const MIN_ROUND_SECONDS = 0.1;
/** Disappointments in a row after which the number is doubled no more. */
const MAX_DOUBTS = 2;
/** Disappointments that a refusal is worth. */
const REFUSAL_DOUBTS = 4;
/** Rounds between two attempts at more, at most. */
const MAX_REST_ROUNDS = 32;
/** Seconds a chunk should take … */
const SECONDS_PER_CHUNK = 3;
/** … and while the width is being looked for, so that answers come soon … */
const SECONDS_AT_FIRST = 0.5;
/** … but no less than so many round trips: one of them passes without a byte, and the first five or six fill a new connection. */
const ROUND_TRIPS_AT_FIRST = 8;
/** Where the way is long, chunks that go with the first one are up to so many times as large: they do not all end while their lanes
 * are being filled, and leave the line empty for a round trip. */
const MAX_STRETCH = 3;
/** Seconds: no chunk took less, whatever a clock says. */
const MIN_CHUNK_SECONDS = 0.001;
/** And as many times as many go at first, up to so many times: each connection is filled from a few packets on, and takes a round trip
 * for each doubling. */
const MAX_WIDENING = 2;
/** Chunks that must arrive unharmed before a size that was lost is tried again. */
const UNHARMED_CHUNKS = 24;
/** How many of the latest endings tell whether nearly every connection is lost, and how many of them have to be losses. */
const REMEMBERED_ENDINGS = 8;
const NEARLY_ALL_LOSSES = 7;
/** What is left at the end is shared out by what each lane carries, but in pieces that fill it for so many round trips and so many
 * seconds, or are so many bytes: each piece costs a round trip. */
const MIN_SHARE_ROUND_TRIPS = 2;
const MIN_SHARE_SECONDS = 0.02;
const MAX_LEAST_SHARE_BYTES = 512 * KIBIBYTE;
/** Of what is under way so much counts as left: less than the half that it is on average, as pieces that end late are waited for. */
const PART_TO_GO = 0.1;
/** And what a lane carries in so many round trips more: each lane has one to wait for an answer before the end, and in that time the
 * others have its part to carry. */
const SPARE_ROUND_TRIPS = 1;
/** Chunks end at multiples of so many bytes. */
export const GRID_BYTES = 64 * KIBIBYTE;
/** While probing, each chunk is made smaller by up to this share of its size … */
const UNEVEN_SHARE = 0.5;
/** … following the golden-ratio sequence, which never comes back near to where it was: so connections do not finish in step. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

const NO_ROUND = { bytes: 0, seconds: 0, chunks: 0, inFlight: 0 };
const CONGESTED = new Set([408, 429, 503, 504]);

export interface PaceConfig {
  /** Chunks in flight to begin with. */
  readonly width: number;
  readonly maxWidth: number;
  /** Whether the width follows the measured rate. */
  readonly adaptWidth: boolean;
  /** Bytes. */
  readonly chunkSize: number;
  readonly minChunkSize: number;
  readonly maxChunkSize: number;
  readonly adaptChunkSize: boolean;
  /** What a lane gets of what is left at the end, at most, times an even share: 1 where it is not known which lane a chunk will go by. */
  readonly maxShare?: number;
}

export class Pace {
  #width: number;
  #chunkSize: number;
  #maxChunkSize: number;
  #maxWidth: number;
  readonly #config: PaceConfig;
  /** Bytes per second at `#before`, the width the present one has to beat. */
  #rate = 0;
  #before: number | null = null;
  #doubts = 0;
  #doubling: boolean;
  /** Rounds until more is tried. */
  #rest = 0;
  /** When the width last changed, in milliseconds: what was sent earlier was sent at another one. */
  #changedAt = Number.NEGATIVE_INFINITY;
  #narrowedAt = Number.NEGATIVE_INFINITY;
  #round = { ...NO_ROUND };
  readonly #endings: boolean[] = [];
  /** Chunks may not grow beyond this until enough arrived unharmed. */
  #sizeThatPassed = Number.POSITIVE_INFINITY;
  #unharmed = 0;
  /** Bytes a second of the latest chunks, each on its lane. */
  readonly #speeds: number[] = [];
  /** Of the lane on which a chunk has just ended; the next one takes its place. */
  #own: number | null = null;
  /** Seconds. */
  #roundTrip = Number.POSITIVE_INFINITY;
  /** Whether any chunk was dealt out. The first one is small wherever it goes, so that an answer comes soon. */
  #dealt = false;
  /** Which part of what may be left out of a chunk is left out of the next one. */
  #turn = 0;

  constructor(config: PaceConfig) {
    this.#config = config;
    this.#doubling = config.adaptWidth;
    this.#maxWidth = Math.max(1, config.maxWidth);
    this.#width = Math.max(1, Math.min(config.width, this.#maxWidth));
    this.#maxChunkSize = Math.max(1, config.maxChunkSize);
    this.#chunkSize = Math.min(config.chunkSize, this.#maxChunkSize);
  }

  /** Chunks to have in flight. */
  get width(): number {
    return this.#width;
  }

  /** Bytes of a chunk, at most. */
  get chunkSize(): number {
    return this.#chunkSize;
  }

  /** Bytes of the next chunk of the `left` bytes that `width` lanes are to send: `most`, or less where sizes adapt. So many bytes are
   * `underWay` on them. */
  next(left: number, width: number, most: number, underWay = 0): number {
    if (!this.#config.adaptChunkSize) return most;
    this.#turn = this.#doubling ? (this.#turn + GOLDEN_RATIO) % 1 : 0;
    let bytes = this.#dealt ? most : Math.min(most, this.#config.chunkSize);
    bytes *= 1 - UNEVEN_SHARE * this.#turn;
    this.#dealt = true;
    let least = this.#config.minChunkSize;
    let [share, leastShare] = [(left + underWay * PART_TO_GO) / width, least];
    const own = this.#own;
    this.#own = null;
    if (own !== null) {
      bytes = Math.min(bytes, own * this.#wanted);
      const each = this.#speedOfEach;
      share += each * this.#knownRoundTrip * SPARE_ROUND_TRIPS;
      share *= Math.min(this.#config.maxShare ?? Number.POSITIVE_INFINITY, own / each);
      leastShare = Math.min(MAX_LEAST_SHARE_BYTES, own * this.#secondsOfLeastShare);
    }
    const due = Math.max(share, leastShare);
    if (bytes > due) [bytes, least] = [due, GRID_BYTES];
    return Math.min(most, Math.max(Math.ceil(bytes / GRID_BYTES) * GRID_BYTES, least));
  }

  /** A request without a body took so many milliseconds. */
  answered(milliseconds: number): void {
    this.#roundTrip = Math.min(this.#roundTrip, milliseconds / 1_000);
    if (!this.#doubling || !this.#config.adaptChunkSize || this.#dealt) return;
    const stretch = Math.min(MAX_STRETCH, this.#wanted / SECONDS_AT_FIRST);
    this.#chunkSize = Math.min(Math.floor(this.#config.chunkSize * stretch), this.#maxChunkSize);
    const wide = Math.floor(this.#config.width * Math.min(MAX_WIDENING, stretch));
    this.#width = Math.max(1, Math.min(wide, this.#maxWidth));
  }

  /** 0 where nobody knows. */
  get roundTripMs(): number {
    return this.#knownRoundTrip * 1_000;
  }

  /** Whether the width follows what is measured. */
  get adaptsWidth(): boolean {
    return this.#config.adaptWidth;
  }

  /** Whether sizes are ours to choose. */
  get adaptsChunkSize(): boolean {
    return this.#config.adaptChunkSize;
  }

  /** What a server wants at most. The narrowest server of all files counts. */
  limit(width: number, chunkSize: number): void {
    this.#maxWidth = Math.max(1, Math.min(this.#maxWidth, width));
    this.#maxChunkSize = Math.max(1, Math.min(this.#maxChunkSize, chunkSize));
    this.#width = Math.min(this.#width, this.#maxWidth);
    this.#chunkSize = Math.min(this.#chunkSize, this.#maxChunkSize);
  }

  /** `bytes` that were sent from `began` on have been accepted at `now` (milliseconds), one of `inFlight` requests. */
  accepted(bytes: number, began: number, now: number, inFlight: number): void {
    this.#remember(true);
    const seconds = (now - began) / 1_000;
    if (this.#config.adaptChunkSize) this.#fitChunk(bytes, seconds);
    if (this.#config.adaptWidth) this.#measure(bytes, seconds, began, now, inFlight);
  }

  /** A request of `bytes`, begun at `began`, was refused or lost at `now`, one of `inFlight`. */
  failed(error: UploadError, bytes: number, began: number, now: number, inFlight: number): void {
    const lost = error.status === 0;
    if (!lost && !CONGESTED.has(error.status)) return;
    if (lost) this.#harmed(bytes);
    this.#remember(false);
    if (!this.#config.adaptWidth) return;
    if (!lost || this.#nearlyAllAreLost) this.#narrow(began, now);
    else this.#measure(0, (now - began) / 1_000, began, now, inFlight);
  }

  /** What is on its way now says nothing about speed: it was paused, or offline. */
  interrupted(now: number): void {
    this.#startRound(now);
  }

  get #nearlyAllAreLost(): boolean {
    return this.#endings.filter((fine) => !fine).length >= NEARLY_ALL_LOSSES;
  }

  #remember(fine: boolean): void {
    this.#endings.push(fine);
    if (this.#endings.length > REMEMBERED_ENDINGS) this.#endings.shift();
  }

  /** Seconds that a chunk should take. */
  get #wanted(): number {
    if (!this.#doubling) return SECONDS_PER_CHUNK;
    const known = this.#knownRoundTrip * ROUND_TRIPS_AT_FIRST;
    return Math.max(SECONDS_AT_FIRST, Math.min(known, SECONDS_PER_CHUNK));
  }

  get #secondsOfLeastShare(): number {
    return Math.max(MIN_SHARE_SECONDS, this.#knownRoundTrip * MIN_SHARE_ROUND_TRIPS);
  }

  /** Seconds; 0 where nobody knows. */
  get #knownRoundTrip(): number {
    return Number.isFinite(this.#roundTrip) ? this.#roundTrip : 0;
  }

  get #speedOfEach(): number {
    const latest = this.#speeds.slice(-this.#width);
    return latest.reduce((sum, speed) => sum + speed, 0) / latest.length;
  }

  #fitChunk(bytes: number, seconds: number): void {
    const speed = bytes / Math.max(seconds, MIN_CHUNK_SECONDS);
    // A piece of the end, or of a gap, may be a sliver of a chunk: it says little about speed, and nothing about other lanes.
    if (bytes < Math.min(this.#chunkSize / 2, this.#config.minChunkSize)) {
      this.#own = this.#speeds.length > 0 ? speed : null;
      return;
    }
    this.#own = speed;
    this.#speeds.push(speed);
    if (this.#speeds.length > this.#config.maxWidth) this.#speeds.shift();
    if (bytes < this.#chunkSize / 2) return;
    this.#unharmed += 1;
    if (this.#unharmed >= UNHARMED_CHUNKS) this.#sizeThatPassed = Number.POSITIVE_INFINITY;
    const ideal = this.#speedOfEach * this.#wanted;
    const near = Math.min(Math.max(ideal, this.#chunkSize / 2), this.#chunkSize * 2);
    this.#resize(Math.min(near, this.#sizeThatPassed));
  }

  #harmed(bytes: number): void {
    this.#unharmed = 0;
    // A bigger one was cut before the size came down: that is old news.
    if (!this.#config.adaptChunkSize || bytes > this.#chunkSize) return;
    this.#resize(this.#chunkSize / 2);
    this.#sizeThatPassed = this.#chunkSize;
  }

  #resize(bytes: number): void {
    const unit = bytes < MEBIBYTE ? 1 : MEBIBYTE;
    const whole = Math.floor(bytes / unit) * unit;
    this.#chunkSize = Math.min(Math.max(whole, this.#config.minChunkSize), this.#maxChunkSize);
  }

  #narrow(began: number, now: number): void {
    // What began before the last narrowing was sent at the old width.
    if (began < this.#narrowedAt) return;
    this.#narrowedAt = now;
    this.#endings.length = 0;
    this.#doubling = false;
    this.#doubts = REFUSAL_DOUBTS;
    this.#settle(Math.max(1, Math.floor(this.#width / 2)), now);
  }

  #measure(bytes: number, seconds: number, began: number, now: number, inFlight: number): void {
    if (began < this.#changedAt) return;
    const round = this.#round;
    round.bytes += bytes;
    round.seconds += seconds;
    round.chunks += 1;
    round.inFlight = Math.max(round.inFlight, inFlight);
    const enough = this.#doubling ? this.#width / 2 : this.#width;
    if (round.chunks < enough || round.seconds < enough * MIN_ROUND_SECONDS) return;
    this.#round = { ...NO_ROUND };
    // Where there is too little to send, nothing is learnt about this width.
    if (round.inFlight >= this.#width) this.#judge((round.bytes / round.seconds) * this.#width, now);
  }

  #judge(rate: number, now: number): void {
    const before = this.#before;
    if (before !== null && rate < this.#rate * (1 + WORTHWHILE_SHARE * (this.#width / before - 1))) {
      this.#doubts += 1;
      this.#doubling &&= this.#doubts < MAX_DOUBTS;
      this.#settle(before, now);
      return;
    }
    if (before !== null) this.#doubts = 0;
    this.#rate = rate;
    this.#rest -= 1;
    if (before !== null || this.#rest <= 0) this.#widen(now);
  }

  #widen(now: number): void {
    const more = this.#doubling ? this.#width : Math.max(1, Math.floor(this.#width / 4));
    const wider = Math.min(this.#maxWidth, this.#width + more);
    if (wider === this.#width) {
      this.#before = null;
      this.#doubling = false;
    } else {
      this.#before = this.#width;
      this.#width = wider;
      this.#startRound(now);
    }
  }

  /** Stays at `width` for a while. */
  #settle(width: number, now: number): void {
    this.#before = null;
    this.#width = width;
    this.#rest = Math.min(MAX_REST_ROUNDS, 2 ** (this.#doubts - 1));
    this.#startRound(now);
  }

  #startRound(now: number): void {
    this.#changedAt = now;
    this.#round = { ...NO_ROUND };
  }
}
