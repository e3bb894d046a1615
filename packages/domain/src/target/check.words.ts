import type { KindWords } from "../job/kind-words.ts";

export const checkWords = {
  entry: () => "check",
  brief: () => "check",
  title: ({ targets }) => `Check ${targets}`,
  subject: () => "The server",
  done: ({ targets }) => `${targets} checked`,
  failed: (_, bad, good) => [`${bad} is not ready`, good && `; ${good} is`],
  canceling: { hint: "nothing changes on the server", text: "The check is stopped. Nothing changes on the server." },
  plans: false,
  releases: false,
  logs: false,
} as const satisfies KindWords;
