// What becomes of a message that is on its way: asked for until it is known, or nobody looks any more.

import type { Message } from "./wire";

const LOOK_MS = 1_000;
/** The other side has fifteen seconds for each try, a mail server a minute. */
const LOOKED_AT = 60;

export interface Followed {
  readonly load: (id: string) => Promise<Message>;
  /** How it stands, each time that is asked for. */
  readonly show: (message: Message) => void;
  /** Whether anybody still looks. */
  readonly isSeen: () => boolean;
}

export async function follow(
  message: Message,
  { load, show, isSeen }: Followed,
  wait = () => new Promise<void>((done) => setTimeout(done, LOOK_MS)),
): Promise<void> {
  let now = message;
  show(now);
  for (let looks = 0; looks < LOOKED_AT && now.state === "waiting" && isSeen(); looks += 1) {
    await wait();
    // What cannot be asked now is asked again.
    now = await load(now.id).catch(() => now);
    if (isSeen()) show(now);
  }
}
