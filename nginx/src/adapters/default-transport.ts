import type { Transport } from "../ports";
import { FetchTransport } from "./fetch-transport";
import { XhrTransport } from "./xhr-transport";

/** By XMLHttpRequest where there is one, because it tells how much has been sent; else by `fetch`. */
export function defaultTransport(): Transport {
  return typeof XMLHttpRequest === "undefined" ? new FetchTransport() : new XhrTransport();
}
