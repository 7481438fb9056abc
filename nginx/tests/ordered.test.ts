import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Order } from "../src/page/ordered";

let list: HTMLElement;
let order: Order;
/** How often a row was put into the document. */
let moves = 0;

const row = (name: string): HTMLElement => {
  const made = document.createElement("li");
  made.append(document.createElement("button"));
  made.firstElementChild?.append(name);
  return made;
};
const rows = (names: string): HTMLElement[] => [...names].map(row);
const standing = (): string => [...list.children].map(({ textContent }) => textContent).join("");

beforeEach(() => {
  vi.useFakeTimers();
  list = document.createElement("ul");
  document.body.replaceChildren(list);
  order = new Order(list);
  moves = 0;
  for (const way of ["insertBefore", "append"] as const) {
    const real = list[way].bind(list) as (...nodes: unknown[]) => unknown;
    vi.spyOn(list, way).mockImplementation((...nodes: unknown[]) => {
      moves += 1;
      return real(...nodes) as never;
    });
  }
});

afterEach(() => vi.useRealTimers());

describe("Order", () => {
  it("moves nothing while somebody scrolls, and then as little as is needed, a few in a frame", () => {
    const made = rows("abcdefghij");
    order.show(made, false);
    expect(standing()).toBe("abcdefghij");
    moves = 0;
    // What went out of sight above is what came into it below.
    const scrolled = [...made.slice(6), ...made.slice(0, 6)];
    for (let step = 0; step < 10; step += 1) {
      order.show(scrolled, true);
      vi.advanceTimersByTime(100);
    }
    expect(standing()).toBe("abcdefghij");
    expect(moves).toBe(0);
    vi.advanceTimersByTime(210);
    expect(moves).toBe(2);
    vi.advanceTimersByTime(1_000);
    expect(standing()).toBe("ghijabcdef");
    expect(moves).toBe(4);
  });

  it("comes right in several frames where many stand wrong", () => {
    const made = rows("abcdefghijklmnopqrstuvwxyz");
    order.show(made, true);
    const turned = [...made].reverse();
    order.show(turned, true);
    vi.advanceTimersByTime(310);
    expect(standing()).not.toBe("zyxwvutsrqponmlkjihgfedcba");
    vi.advanceTimersByTime(1_000);
    expect(standing()).toBe("zyxwvutsrqponmlkjihgfedcba");
    expect(moves).toBe(26 + 25);
  });

  it("is right at once where nobody scrolls, and before Tab goes on", () => {
    const made = rows("abcd");
    order.show(made, true);
    order.show([...made].reverse(), false);
    expect(standing()).toBe("dcba");
    order.show(made, true);
    list.firstElementChild?.dispatchEvent(new KeyboardEvent("keydown", { key: "Tab", bubbles: true }));
    expect(standing()).toBe("abcd");
    vi.advanceTimersByTime(1_000);
    expect(standing()).toBe("abcd");
  });

  it("leaves the focus where it is, whatever stands around it", () => {
    const made = rows("abcdefgh");
    order.show(made, false);
    const focused = made[0]?.firstElementChild as HTMLButtonElement;
    focused.focus();
    const blurred = vi.fn();
    focused.addEventListener("blur", blurred);
    order.show([...made.slice(1), made[0] as HTMLElement], false);
    expect(standing()).toBe("bcdefgha");
    order.show([...made].reverse(), false);
    expect(standing()).toBe("hgfedcba");
    expect(document.activeElement).toBe(focused);
    expect(blurred).not.toHaveBeenCalled();
  });

  it("takes out what is shown no more once it is still", () => {
    const made = rows("abcd");
    order.show(made, false);
    order.show(made.slice(2), true);
    expect(standing()).toBe("abcd");
    vi.advanceTimersByTime(400);
    expect(standing()).toBe("cd");
    order.show([], false);
    expect(standing()).toBe("");
  });
});
