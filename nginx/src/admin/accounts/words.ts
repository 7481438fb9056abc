// All that is said about accounts and logging in, in one place.

import { formatNumber } from "../format";

export const ROLES = ["admin", "member", "viewer"] as const;
export type Role = (typeof ROLES)[number];

const ROLE: Readonly<Record<Role, string>> = { admin: "Admin", member: "Member", viewer: "Viewer" };

function countOf(count: number, one: string): string {
  return `${formatNumber(count)} ${count === 1 ? one : `${one}s`}`;
}

export const WORDS = {
  // Logging in
  name: "Name",
  password: "Password",
  byToken: "Use the admin token",
  byName: "Use a name and a password",

  // The head of the page
  holder: "Admin",
  open: (who: string) => `${who}: accounts and sessions`,

  // The panel
  title: "Accounts",
  close: "Close",
  you: "You",
  withToken: "You are logged in with the admin token, which may do everything. Give others an account each.",
  asSomebody: (name: string, role: string, teams: readonly string[]) =>
    teams.length === 0 ? `You are ${name}: ${role}.` : `You are ${name}: ${role}, in ${teams.join(", ")}.`,
  otherPassword: "Another password",
  oldPassword: "Current password",
  newPassword: "New password",
  passwordHint: "At least ten characters. You are logged out everywhere else.",
  changePassword: "Change the password",
  passwordChanged: "The password is changed. You are logged out everywhere else.",
  sessions: "Where you are logged in",
  current: "here",
  lastSeen: "last used",
  end: "Log out",
  endLabel: (where: string) => `Log out of ${where}`,
  endOthers: "Log out everywhere else",
  endedOthers: (count: number) => `Ended ${countOf(count, "session")}.`,
  ended: "That session has ended.",

  people: "Who has an account",
  nobody: "Nobody yet. Invite the first person below.",
  role: (role: string) => ROLE[role as Role] ?? role,
  off: "switched off",
  yourself: "you",
  edit: "Edit",
  editLabel: (name: string) => `Edit ${name}`,
  roleLabel: "Role",
  teamsLabel: "Teams",
  teamsHint: "Names with commas between them: tax, wages. Who is in a team sees its links.",
  displayNameLabel: "What people call them",
  emailLabel: "E-mail address",
  save: "Save",
  saved: (name: string) => `${name} is saved.`,
  switchOff: "Switch off",
  switchOn: "Switch on",
  switched: (name: string, off: boolean) => (off ? `${name} is switched off.` : `${name} is switched on.`),
  logOutOf: "Log out everywhere",
  remove: "Remove",
  removeAsks: (name: string) =>
    `${name} cannot log in any more, and their own links become the admin's. Remove for good?`,
  removeYes: "Remove for good",
  removeNo: "Keep",
  removed: (name: string, links: number) =>
    links === 0
      ? `${name} is removed.`
      : `${name} is removed. ${countOf(links, "link")} of theirs became the admin's.`,

  invite: "Invite somebody",
  inviteHint:
    "They choose a name and a password themselves, at an address that works once within seven days.",
  roles:
    "An admin may do everything. A member makes links, and sees their own and those of their teams. A viewer looks at the links of their teams and takes files.",
  makeInvitation: "Make an invitation",
  made: "Send them this address. It is shown only now.",
  address: "Address of the invitation",
  copy: "Copy",
  waiting: "Invitations that nobody has taken yet",
  forWhom: (email: string) => (email === "" ? "for whoever has the address" : `for ${email}`),
  until: "until",
  takeBack: "Take back",
  takeBackLabel: (role: string, email: string) =>
    `Take back the invitation of a ${role}${email === "" ? "" : ` for ${email}`}`,
  takenBack: "That invitation works no more.",
} as const;

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, "Android"],
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
];

/** "Firefox, Linux": what a browser calls itself, as people would; of one that is not known, its own words. */
export function browserWords(agent: string): string {
  const found = [BROWSERS, SYSTEMS].flatMap(
    (known) => known.find(([pattern]) => pattern.test(agent))?.[1] ?? [],
  );
  return found.length === 0 ? agent || "?" : found.join(", ");
}
