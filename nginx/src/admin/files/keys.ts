// What keys mean in the list of files. Pure. No letter alone changes anything.

export type KeyAct =
  | { readonly kind: "move"; readonly to: number | "start" | "end"; readonly stretch: boolean }
  | { readonly kind: "choose"; readonly stretch: boolean }
  | { readonly kind: "all" | "none" | "search" | "remove" | "rename" };

type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "target">;

/** `inList` where the focus is on a row; `page` rows are seen at once. */
export function keyOf(event: Pressed, inList: boolean, page: number): KeyAct | null {
  const { key, shiftKey: stretch, ctrlKey, metaKey, altKey, target } = event;
  if (altKey) return null;
  const writes =
    target instanceof HTMLElement && target.matches("input:not([type=checkbox]), select, textarea");
  if (key === "/" && !writes && !ctrlKey && !metaKey) return { kind: "search" };
  if (!inList) return null;
  if (ctrlKey || metaKey) return key.toLowerCase() === "a" ? { kind: "all" } : null;
  switch (key) {
    case "ArrowDown":
      return { kind: "move", to: 1, stretch };
    case "ArrowUp":
      return { kind: "move", to: -1, stretch };
    case "PageDown":
      return { kind: "move", to: page, stretch };
    case "PageUp":
      return { kind: "move", to: -page, stretch };
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
