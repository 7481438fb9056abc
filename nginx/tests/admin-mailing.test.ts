import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { Mailing } from "../src/admin/mailing";
import { makeShare } from "../src/admin/share";
import type { Told } from "../src/admin/wire";
import { UploadError } from "../src/core/errors";

const HTML = readFileSync(resolve(import.meta.dirname, "../src/admin.html"), "utf8");
const told = (recipient: string, state = "waiting", answer = ""): Told => ({
  id: `msg_${recipient}`,
  recipient,
  state,
  why: { answer, reason: answer.startsWith("550") ? "no_such" : "", said: answer },
});
const flush = () => new Promise((done) => setTimeout(done));

let mailing: Mailing;
let asked: [string, string][];
let outcomes: Record<string, Told[]>;

function fill(to: string, text = ""): void {
  const { elements } = mailing.element;
  (elements.namedItem("to") as HTMLInputElement).value = to;
  (elements.namedItem("text") as HTMLTextAreaElement).value = text;
}

async function send(): Promise<void> {
  mailing.element.dispatchEvent(new Event("submit", { cancelable: true }));
  for (let turn = 0; turn < 5; turn += 1) await flush();
}

const lines = () => [...mailing.element.querySelectorAll("li")].map(({ textContent }) => textContent);

describe("Mailing", () => {
  beforeEach(() => {
    document.body.innerHTML = HTML.slice(HTML.indexOf("<main"), HTML.lastIndexOf("</body>"));
    asked = [];
    outcomes = {};
    mailing = new Mailing(
      {
        mail: async (to, text) => {
          asked.push([to, text]);
          return to.split(", ").map((each) => told(each));
        },
        told: async (id) => outcomes[id]?.shift() ?? told(id.slice(4), "sent"),
      },
      flush as () => Promise<void>,
    );
    document.body.append(mailing.element);
  });

  it("tells of each mail what came of it, and keeps the text for the next one", async () => {
    outcomes = {
      msg_anna: [told("anna"), told("anna", "sent", "250 OK")],
      msg_ben: [told("ben", "given_up", "550 No such user")],
    };
    fill("anna, ben", "Dear all,");
    await send();
    expect(asked).toEqual([["anna, ben", "Dear all,"]]);
    expect(lines()).toEqual([
      "anna: sent",
      "ben: not taken. It is not there: no such mailbox, address or folder. The other server said: “550 No such user”.",
    ]);
    fill("carla", "Dear all,");
    await send();
    expect(lines()[0]).toBe("carla: sent");
    expect(lines()).toHaveLength(3);
    expect((mailing.element.elements.namedItem("to") as HTMLInputElement).value).toBe("");
    expect((mailing.element.elements.namedItem("text") as HTMLTextAreaElement).value).toBe("Dear all,");
  });

  it("says what is wrong, and keeps what was typed", async () => {
    mailing = new Mailing({
      mail: async () => {
        throw new UploadError("This server has no mail server.", { status: 400, code: "mail_not_ready" });
      },
      told: async (id) => told(id),
    });
    fill("anna");
    await send();
    expect(mailing.element.querySelector('[role="alert"]')?.textContent).toContain("no mail server");
    expect((mailing.element.elements.namedItem("to") as HTMLInputElement).value).toBe("anna");
    expect(lines()).toEqual([]);
  });

  it("is opened by its button and put away by it, with what is typed", async () => {
    const ports = { mail: async () => [], told: async (id: string) => told(id) };
    const share = makeShare("https://x.example/request/a", "A", { qrAtOnce: false, ...ports });
    document.body.append(share);
    const button = share.querySelector<HTMLButtonElement>('[data-part="mail"]') as HTMLButtonElement;
    const frame = share.querySelector<HTMLElement>('[data-part="mailing"]') as HTMLElement;
    button.click();
    while (share.querySelector("form") === null) await flush();
    const to = share.querySelector<HTMLInputElement>('[name="to"]') as HTMLInputElement;
    expect(document.activeElement).toBe(to);
    expect(button.getAttribute("aria-expanded")).toBe("true");
    to.value = "anna@";
    for (const hidden of [true, false]) {
      button.click();
      await flush();
      expect(frame.hidden).toBe(hidden);
    }
    expect(share.querySelector<HTMLInputElement>('[name="to"]')?.value).toBe("anna@");
  });
});
