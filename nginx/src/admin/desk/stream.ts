// The number by which the desk knows that something has happened, told by the server as it changes, and for admins how busy the server is.
// Where no stream comes through, such as behind a proxy that keeps it back, there is no number, and both are asked for.

import { BASE } from "../../page/base";
import { parseNews } from "./news";

const ADDRESS = `${BASE}/api/droppr/news/stream`;
/** The server says something every 15 seconds, so that whoever hears nothing for longer hears nothing any more. */
const SILENT_MS = 40_000;
/** What comes at all comes at once. */
const FIRST_MS = 10_000;
const AGAIN_MS = 15_000;
const MOST_AGAIN_MS = 600_000;

export interface StreamPorts {
  /** The number is another one. */
  readonly onNews: () => void;
  readonly onFigures: (data: string) => void;
  /** Nothing is told for now. */
  readonly onLost: () => void;
}

export class NewsStream {
  readonly #ports: StreamPorts;
  #wanted = false;
  #address = ADDRESS;
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #number: number | null = null;
  #last: number | null = null;
  #againMs = AGAIN_MS;

  constructor(ports: StreamPorts) {
    this.#ports = ports;
    // A hidden page holds no connection, of which a browser has six for a server.
    document.addEventListener("visibilitychange", () => this.#follow());
  }

  /** What the server has told last; null while it tells nothing. */
  get number(): number | null {
    return this.#number;
  }

  /** Listens while somebody looks, until `stop`. */
  start(withFigures: boolean): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#address = withFigures ? `${ADDRESS}?figures=true` : ADDRESS;
    this.#againMs = AGAIN_MS;
    this.#follow();
  }

  stop(): void {
    this.#wanted = false;
    this.#follow();
  }

  #follow(): void {
    this.#close();
    if (this.#wanted && !document.hidden && typeof EventSource !== "undefined") this.#listen();
  }

  #listen(): void {
    const source = new EventSource(this.#address);
    this.#source = source;
    this.#expect(FIRST_MS);
    source.onmessage = ({ data }) => {
      this.#expect(SILENT_MS);
      this.#number = parseNews(JSON.parse(String(data)));
      this.#againMs = AGAIN_MS;
      if (this.#number === this.#last) return;
      this.#last = this.#number;
      this.#ports.onNews();
    };
    source.addEventListener("figures", ({ data }) => {
      this.#expect(SILENT_MS);
      this.#ports.onFigures(String(data));
    });
    source.onerror = () => {
      if (this.#source !== source) return;
      this.#number = null;
      // A stream that has ended the browser opens again; an answer that is none it does not.
      if (source.readyState === EventSource.CLOSED) this.#giveUp();
      else this.#expect(FIRST_MS);
    };
  }

  #expect(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveUp(), ms);
  }

  /** Tries again later, and later still where that does not help. */
  #giveUp(): void {
    this.#close();
    this.#ports.onLost();
    this.#timer = setTimeout(() => this.#follow(), this.#againMs);
    this.#againMs = Math.min(MOST_AGAIN_MS, 2 * this.#againMs);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#number = null;
  }
}
