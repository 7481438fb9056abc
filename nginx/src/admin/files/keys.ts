// What keys mean in the list of files. Pure. No letter alone changes anything.

export type KeyAct =
  | { readonly kind: "move"; readonly to: number | "start" | "end"; readonly stretch: boolean }
  | { readonly kind: "choose"; readonly stretch: boolean }
  | { readonly kind: "all" | "none" | "search" | "remove" | "rename" };

type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "target">;

/** How what is gone about in stands: `page` lines are seen at once; with more than one column, `onward` is the key that leads to the next. */
export interface Standing {
  readonly page: number;
  readonly columns?: number;
  readonly onward?: "ArrowRight" | "ArrowLeft";
}

/** `inList` where the focus is on a row. */
export function keyOf(event: Pressed, inList: boolean, standing: Standing): KeyAct | null {
  const { page, columns = 1, onward = "ArrowRight" } = standing;
  const { key, shiftKey: stretch, ctrlKey, metaKey, altKey, target } = event;
  if (altKey) return null;
  const writes =
    target instanceof HTMLElement && target.matches("input:not([type=checkbox]), select, textarea");
  if (key === "/" && !writes && !ctrlKey && !metaKey) return { kind: "search" };
  if (!inList) return null;
  if (ctrlKey || metaKey) return key.toLowerCase() === "a" ? { kind: "all" } : null;
  switch (key) {
    case "ArrowDown":
      return { kind: "move", to: columns, stretch };
    case "ArrowUp":
      return { kind: "move", to: -columns, stretch };
    case "ArrowRight":
    case "ArrowLeft":
      return columns === 1 ? null : { kind: "move", to: key === onward ? 1 : -1, stretch };
    case "PageDown":
      return { kind: "move", to: page * columns, stretch };
    case "PageUp":
      return { kind: "move", to: -page * columns, stretch };
    case "Home":
      return { kind: "move", to: "start", stretch };
    case "End":
      return { kind: "move", to: "end", stretch };
    case "Escape":
      return { kind: "none" };
    case "F2":
      return { kind: "rename" };
    case "Delete":
      return { kind: "remove" };
    case " ":
      // Boxes and buttons know what a space is for.
      return target instanceof HTMLAnchorElement ? { kind: "choose", stretch } : null;
    default:
      return null;
  }
}
