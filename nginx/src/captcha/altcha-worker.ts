// Keeps the work off the page's thread.

import type { Challenge, Solution } from "altcha-lib/types";
import { solveAltcha } from "./solve";

export interface AltchaAnswer {
  readonly solution?: Solution | null;
  readonly problem?: string;
}

self.onmessage = async ({ data }: MessageEvent<Challenge>) => {
  const answer: AltchaAnswer = await solveAltcha(data).then(
    (solution) => ({ solution }),
    (error: unknown) => ({ problem: String(error) }),
  );
  self.postMessage(answer);
};
