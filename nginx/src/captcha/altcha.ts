// The self-hosted captcha: fetches a challenge, solves it in a worker, and gives the token the server checks.

import { abortedError, UploadError } from "../core/errors";
import { API } from "../page/base";
import type { AltchaAnswer } from "./altcha-worker";

export async function altchaToken(signal: AbortSignal): Promise<string> {
  const challenge = await fetchChallenge(signal);
  const { solution, problem } = await solveInWorker(challenge, signal);
  if (!solution) throw unavailable(problem);
  return btoa(JSON.stringify({ challenge, solution }));
}

async function fetchChallenge(signal: AbortSignal): Promise<unknown> {
  try {
    const reply = await fetch(`${API}/captcha`, { signal, cache: "no-store" });
    if (reply.ok) return await reply.json();
    throw unavailable(`status ${reply.status}`);
  } catch (error) {
    throw signal.aborted ? abortedError() : unavailable(error);
  }
}

function solveInWorker(challenge: unknown, signal: AbortSignal): Promise<AltchaAnswer> {
  const worker = new Worker(new URL("./altcha-worker.ts", import.meta.url), { type: "module" });
  const answered = new Promise<AltchaAnswer>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(abortedError()));
    worker.onmessage = ({ data }: MessageEvent<AltchaAnswer>) => resolve(data);
    worker.onerror = ({ message }) => reject(unavailable(message));
    worker.postMessage(challenge);
  });
  return answered.finally(() => worker.terminate());
}

function unavailable(cause: unknown): UploadError {
  const sentence = "The check that you are not a robot did not work. Please try again.";
  return new UploadError(sentence, { code: "captcha_unavailable", retryable: false, cause });
}
