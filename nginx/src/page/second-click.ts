/** Two clicks no further apart than this, in pixels, and in time are meant for the same thing. */
const SAME_PLACE_PIXELS = 12;
const SECOND_CLICK_MS = 1_000;

/** Where items of a list move or go, the second of two clicks must not fall on another one. What is guarded has a `data-id`. */
export function guardSecondClick(list: HTMLElement): void {
  let last: { readonly id: string; readonly x: number; readonly y: number; readonly at: number } | null =
    null;
  const guard = (event: MouseEvent): void => {
    const id = (event.target as HTMLElement).closest<HTMLElement>("[data-id]")?.dataset.id;
    const { clientX: x, clientY: y, timeStamp: at } = event;
    // A key that is pressed has no place, and goes where the focus is.
    if (event.detail === 0 || id === undefined) return;
    const near = last !== null && Math.hypot(x - last.x, y - last.y) < SAME_PLACE_PIXELS;
    if (near && last !== null && at - last.at < SECOND_CLICK_MS && last.id !== id) event.stopPropagation();
    else last = { id, x, y, at };
  };
  list.addEventListener("click", guard, { capture: true });
}
