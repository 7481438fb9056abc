/**
 * Runs the tasks `next` hands out, at most `width` at once, until it returns null. The first failure fires `stop`, hands
 * out no more, and is thrown once every running task has ended: nothing goes on in the background.
 */
export async function runPool(
  width: number,
  next: () => (() => Promise<void>) | null,
  stop: AbortController,
): Promise<void> {
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const task = next();
      if (task === null) return;
      await task().catch((error: unknown) => {
        failures.push(error);
        stop.abort();
      });
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, width) }, worker));
  if (failures.length > 0) throw failures[0];
}

/** A controller that fires with `parent` and can fire alone. `release` lets go of the parent. */
export function childController(parent: AbortSignal): { controller: AbortController; release: () => void } {
  const controller = new AbortController();
  const follow = (): void => controller.abort();
  if (parent.aborted) follow();
  parent.addEventListener("abort", follow);
  return { controller, release: () => parent.removeEventListener("abort", follow) };
}
