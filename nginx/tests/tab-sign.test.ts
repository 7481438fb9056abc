import { beforeEach, expect, it, vi } from "vitest";
import { TabSign } from "../src/page/tab-sign";

vi.mock("../src/page/ring", () => ({ ring: (share: number) => `data:image/png,${share}` }));

beforeEach(() => {
  document.head.innerHTML = '<title>Films</title><link rel="icon" href="plain.svg">';
});

const icon = (): string => document.querySelector<HTMLLinkElement>("link")?.href ?? "";

it("shows the ring once it is loaded, whether or not there was progress meanwhile, and in the end what was there before", async () => {
  const plain = icon();
  const sign = new TabSign();
  sign.show("3%", 0.03);
  expect([document.title, icon()]).toEqual(["3% · Films", plain]);
  await vi.waitFor(() => {
    sign.show("3%", 0.03);
    expect(icon()).toBe("data:image/png,0.03");
  });
  sign.show("100%", null);
  expect([document.title, icon()]).toEqual(["Films", plain]);
});
