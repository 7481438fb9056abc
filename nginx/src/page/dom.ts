/** The element with this id. Throws when the page lacks it or has another kind there: the HTML and the code belong together. */
export function need(id: string): HTMLElement;
export function need<T extends HTMLElement>(id: string, kind: new () => T): T;
export function need(id: string, kind = HTMLElement): HTMLElement {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} #${id}`);
}

interface Content {
  readonly className?: string;
  readonly text?: string;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  { className = "", text = "" }: Content = {},
  ...children: Node[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className !== "") element.className = className;
  if (text !== "") element.textContent = text;
  element.append(...children);
  return element;
}

/** A text whose addresses of the web can be followed, beside the page: what goes on here goes on. Nothing else of it means anything. */
export function setLinked(element: HTMLElement, text: string): void {
  if (element.textContent === text) return;
  const parts = text.split(/(https?:\/\/[^\s<>"]*[\p{L}\p{N}/=&#_-])/u);
  element.replaceChildren(...parts.map((part, at) => (at % 2 === 0 ? part : anchorTo(part))));
}

function anchorTo(address: string): HTMLAnchorElement {
  const anchor = make("a", { text: address });
  anchor.href = address;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

export function makeButton(text: string, className: string, onClick: () => void): HTMLButtonElement {
  const button = make("button", { className: `button ${className}`, text });
  button.type = "button";
  button.addEventListener("click", onClick);
  return button;
}

const SVG = "http://www.w3.org/2000/svg";

/** A drawing from the page's own sheet (`<symbol id="i-…">`); decoration, so whoever uses it says in words what it means. */
export function makeIcon(name: string): SVGSVGElement {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("aria-hidden", "true");
  icon.append(document.createElementNS(SVG, "use"));
  showIcon(icon, name);
  return icon;
}

export function showIcon(icon: SVGSVGElement, name: string): void {
  setAttribute(icon.firstElementChild as Element, "href", `#i-${name}`);
}

/** A button that shows a drawing; `setLabel()` says what it does. */
export function makeIconButton(name: string, onClick: () => void): HTMLButtonElement {
  const button = makeButton("", "icon", onClick);
  button.append(makeIcon(name));
  return button;
}

export function setLabel(element: HTMLElement, label: string): void {
  setAttribute(element, "aria-label", label);
  setAttribute(element, "title", label);
}

/** Lets the keyboard scroll what does not fit into its box. */
export function reachable(box: HTMLElement): void {
  new ResizeObserver(() => {
    if (box.scrollHeight > box.clientHeight) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }).observe(box);
}

/** Sets an attribute only where it differs. */
export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Sets a text only where it differs, so that screen readers and layout are left alone otherwise. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

/** Without frames, in a page that is not seen, it is painted after so many milliseconds: its title can be seen. */
const UNSEEN_MS = 500;

/**
 * Runs `paint` at most once per frame, however often it is asked for; where it is asked with a `rest`, so many milliseconds after the
 * last time at the soonest.
 */
export function oncePerFrame(paint: () => void): (rest?: number) => void {
  let [frame, painted] = [0, 0];
  let timer: ReturnType<typeof setTimeout>;
  const run = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    frame = 0;
    painted = performance.now();
    paint();
  };
  const ask = (rest = 0): void => {
    if (frame !== 0) return;
    clearTimeout(timer);
    const left = painted + rest - performance.now();
    if (left <= 0) frame = requestAnimationFrame(run);
    timer = left <= 0 ? setTimeout(run, UNSEEN_MS) : setTimeout(ask, left);
  };
  return ask;
}
