// Words about whose links are.

export const WHOSE_WORDS = {
  label: "Belongs to",
  hint: "Who sees it and may change it.",
  filter: "Whose links are shown",
  everybodys: "Everybody's links",
  mine: "Mine",
  me: "Me",
  admin: "Whoever has the admin token",
  team: (name: string) => `Team ${name}`,
  noneOfTheirs: "None of their links is like that.",
} as const;
