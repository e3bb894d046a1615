import type { KindWords } from "../job/kind-words.ts";

export const bootstrapWords = {
  entry: () => "let the key in",
  brief: () => "use of the password",
  title: ({ targets }) => `Let Berth's key in on ${targets}`,
  subject: () => "The password",
  done: ({ targets }) => `${targets} takes Berth's key`,
  failed: (_, bad, good) => ["Berth's key was not let in", `on ${bad}${good && `; it was on ${good}`}`],
  canceling: { hint: "the key may be let in already", text: "The password is forgotten. The key may have been let in already." },
  plans: false,
  releases: false,
  logs: false,
} as const satisfies KindWords;
