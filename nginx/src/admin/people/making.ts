// A link for each of many people, made and mailed by as many calls as it takes, each of which may fail and be made again: what was
// done once is not done twice.

import { UploadError } from "../../core/errors";
import type { Terms } from "../terms";
import type { OwnerLink, Told } from "../wire";
import { filledIn, type Person } from "./table";

export interface MakingPorts {
  readonly create: (folder: string, terms: Terms) => Promise<OwnerLink>;
  /** All links that there are. */
  readonly links: () => Promise<readonly OwnerLink[]>;
  readonly mail: (hash: string, to: string, text: string) => Promise<readonly Told[]>;
  /** Whether a link was mailed to anybody. */
  readonly wasMailed: (hash: string) => Promise<boolean>;
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** How far it has got with one person. */
export interface Progress {
  readonly link: OwnerLink | null;
  readonly mailed: boolean;
  /** What went wrong last. */
  readonly error: unknown;
}

export interface Wanted {
  readonly terms: Terms;
  /** What mails say, with `{name}` in it; null where nobody is mailed. */
  readonly text: string | null;
}

const NOTHING: Progress = { link: null, mailed: false, error: null };
const USUAL_WAIT_SECONDS = 30;

export class Making {
  readonly #ports: MakingPorts;
  readonly #done = new Map<string, Progress>();
  /** Calls of which nobody knows whether they were heard, in this visit or an earlier one. */
  readonly #unsure = new Set<string>();
  /** Links by their folders. */
  #there: ReadonlyMap<string, OwnerLink> | null = null;

  constructor(ports: MakingPorts) {
    this.#ports = ports;
  }

  of(person: Person): Progress {
    return this.#done.get(person.key) ?? NOTHING;
  }

  /** Those with whom something is still to be done. */
  left(people: readonly Person[], mails: boolean): readonly Person[] {
    return people.filter((person) => {
      const { link, mailed } = this.of(person);
      return person.problem === "" && (link === null || (mails && !mailed && person.email !== ""));
    });
  }

  /** Does what is left; `progress` is told after each person, and when a wait of so many seconds begins. */
  async run(
    people: readonly Person[],
    wanted: Wanted,
    progress: (person: Person | null, waits: number) => void,
  ): Promise<void> {
    this.#there = null;
    for (const person of this.left(people, wanted.text !== null)) {
      await this.#patiently(
        () => this.#one(person, wanted),
        (seconds) => progress(null, seconds),
      );
      progress(person, 0);
      const { error } = this.of(person);
      // Without a session or a server the others would fare alike.
      if (error instanceof UploadError && (error.status === 401 || error.status === 0)) return;
    }
  }

  async #one(person: Person, { terms, text }: Wanted): Promise<void> {
    try {
      const link = this.of(person).link ?? (await this.#make(person, terms));
      this.#note(person, { link, error: null });
      if (text !== null && person.email !== "" && !this.of(person).mailed)
        await this.#mail(person, link, text);
      this.#note(person, { error: null });
    } catch (error) {
      if (error instanceof UploadError && error.status === 429) throw error;
      this.#note(person, { error });
    }
  }

  async #make(person: Person, terms: Terms): Promise<OwnerLink> {
    const { name, email, language, folder } = person;
    const call = `make ${person.key}`;
    if (this.#unsure.has(call)) this.#there = null;
    this.#there ??= new Map((await this.#ports.links()).map((link) => [link.folder, link]));
    const found = this.#there.get(folder);
    if (found !== undefined && isFor(found, person)) {
      this.#unsure.add(`mail ${person.key}`);
      return found;
    }
    const own = {
      ...terms,
      title: filledIn(terms.title ?? "", person),
      message: filledIn(terms.message ?? "", person),
      recipient_name: name,
      recipient_email: email,
      recipient_language: language,
    };
    return this.#surely(call, () => this.#ports.create(folder, own));
  }

  async #mail(person: Person, { hash }: OwnerLink, text: string): Promise<void> {
    const call = `mail ${person.key}`;
    const mailed = this.#unsure.has(call) && (await this.#ports.wasMailed(hash));
    if (!mailed) await this.#surely(call, () => this.#ports.mail(hash, person.email, filledIn(text, person)));
    this.#note(person, { mailed: true });
  }

  /** Remembers that a call may have been heard although its answer was lost. */
  async #surely<T>(name: string, call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call();
      this.#unsure.delete(name);
      return answer;
    } catch (error) {
      if (!(error instanceof UploadError) || error.status < 400 || error.status >= 500)
        this.#unsure.add(name);
      throw error;
    }
  }

  /** Again after each wait that the server asks for. */
  async #patiently(task: () => Promise<void>, waits: (seconds: number) => void): Promise<void> {
    for (;;) {
      try {
        await task();
        return;
      } catch (error) {
        const seconds = (error instanceof UploadError ? error.retryAfter : null) ?? USUAL_WAIT_SECONDS;
        waits(seconds);
        await this.#ports.sleep(seconds * 1_000);
      }
    }
  }

  #note(person: Person, change: Partial<Progress>): void {
    this.#done.set(person.key, { ...this.of(person), ...change });
  }
}

/** Whether somebody has this link already. */
export function isFor({ active, due }: OwnerLink, { name, email }: Pick<Person, "name" | "email">): boolean {
  return active && due.forName === name && due.forEmail.toLowerCase() === email.toLowerCase();
}
