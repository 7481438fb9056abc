// What the browser knows of the network: whether there is one, and a guess at how good it is.

import { abortedError } from "../core/errors";
import type { ConnectionHint } from "../core/network";
import type { Connectivity } from "../ports";

export class BrowserConnectivity implements Connectivity {
  /** True also where nothing is known. */
  get online(): boolean {
    return globalThis.navigator?.onLine !== false;
  }

  whenOnline(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(abortedError());
    if (this.online) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        globalThis.removeEventListener("online", settle);
        signal.removeEventListener("abort", settle);
        if (signal.aborted) reject(abortedError());
        else resolve();
      };
      globalThis.addEventListener("online", settle);
      signal.addEventListener("abort", settle);
    });
  }
}

/** Calls of this page to the server so far; none where nobody tells. */
export function callsSoFar(): PerformanceResourceTiming[] {
  const calls = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
  return calls.filter(({ name }) => name.includes("/api/droppr/"));
}

/** Milliseconds that the quickest of them took there and back, or null. */
export function connectedRoundTrip(): number | null {
  const took = callsSoFar().flatMap(({ requestStart, responseStart }) =>
    requestStart > 0 && responseStart > requestStart ? [responseStart - requestStart] : [],
  );
  return took.length > 0 ? Math.min(...took) : null;
}

export function connectionHint(): ConnectionHint | undefined {
  const { navigator } = globalThis as { navigator?: { connection?: ConnectionHint } };
  return navigator?.connection;
}
