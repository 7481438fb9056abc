// How the server is set up, asked once for as long as the desk is open: whoever changes it comes back by loading the page anew.

import { mayAdminister } from "../whose";
import { SettingsApi } from "./settings-api";
import type { Settings } from "./wire";

let asked: Promise<Settings | null> | undefined;

/** Null where it cannot be known: whoever may not administer the server is told nothing of it. */
export function standing(api = new SettingsApi()): Promise<Settings | null> {
  if (!mayAdminister()) return Promise.resolve(null);
  asked ??= api.all().catch(() => null);
  return asked;
}

/** Forgets it. */
export function askAgain(): void {
  asked = undefined;
}

export function textOf({ settings }: Settings, name: string): string {
  return settings.find((each) => each.name === name)?.value ?? "";
}

/** Whether a link may be mailed by the server; who is told nothing of how it is set up may try. */
export async function mayMail(): Promise<boolean> {
  const known = await standing();
  return known === null || sendsMail(known);
}

export function sendsMail({ settings }: Settings): boolean {
  return settings.some(({ server }) => server !== null);
}
