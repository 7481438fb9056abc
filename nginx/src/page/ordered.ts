// The order in which rows stand in the document, which is that of Tab and of screen readers. Where they are seen does not depend on it,
// and to take a row out and put it in again costs many times what it does to write something else into it. So while somebody scrolls
// rows stay where they stand, and come into their order once it is still.

/** Nobody scrolls any more. */
const STILL_MS = 300;
const FRAME_MS = 16;
/** So many rows change their place in one frame then. */
const AT_ONCE = 2;

export class Order {
  readonly #list: HTMLElement;
  #rows: readonly Element[] = [];
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(list: HTMLElement) {
    this.#list = list;
    list.addEventListener("keydown", ({ key }) => key === "Tab" && this.#arrange(), { capture: true });
  }

  /** These are the rows now, in their order, which waits while `isMoving`. */
  show(rows: readonly Element[], isMoving: boolean): void {
    this.#rows = rows;
    clearTimeout(this.#soon);
    if (isMoving) {
      for (const each of rows) if (each.parentNode !== this.#list) this.#list.append(each);
      this.#soon = setTimeout(() => this.#arrange(AT_ONCE), STILL_MS);
    } else this.#arrange();
  }

  /** Brings so many rows to their places, the others in the next frames. */
  #arrange(most = Number.POSITIVE_INFINITY): void {
    clearTimeout(this.#soon);
    const places = new Map(this.#rows.map((each, place) => [each, place]));
    const standing = [...this.#list.children].filter((each) => {
      if (!places.has(each)) each.remove();
      return places.has(each);
    });
    const stay = staying(standing, (each) => places.get(each) ?? 0);
    let [before, left]: [Element | null, number] = [null, most];
    for (const each of this.#rows) {
      if (!stay.has(each)) {
        left -= 1;
        if (left < 0) continue;
        this.#list.insertBefore(each, before === null ? this.#list.firstChild : before.nextSibling);
      }
      before = each;
    }
    if (left < 0) this.#soon = setTimeout(() => this.#arrange(most), FRAME_MS);
  }
}

/** As many as can stay where they are while the others move; among them the one with the focus, which moving would cost it. */
function staying(standing: readonly Element[], placeOf: (element: Element) => number): ReadonlySet<Element> {
  const kept = standing.findIndex((each) => each.contains(document.activeElement));
  const fixed = standing[kept];
  const may = standing.filter(
    (each, at) => fixed === undefined || at === kept || at < kept === placeOf(each) < placeOf(fixed),
  );
  // The longest run of rising places: the last of the best run of each length, and what stands before each in its run.
  const ends: number[] = [];
  const before: (number | undefined)[] = [];
  const places = may.map(placeOf);
  places.forEach((place, at) => {
    const longer = ends.findIndex((end) => (places[end] ?? 0) > place);
    const length = longer < 0 ? ends.length : longer;
    before.push(ends[length - 1]);
    ends[length] = at;
  });
  const stay = new Set<Element>();
  for (let at = ends.at(-1); at !== undefined; at = before[at]) stay.add(may[at] as Element);
  return stay;
}
