import type { KindWords } from "../job/kind-words.ts";

export const checkRegistryWords = {
  entry: () => "check a registry's login",
  brief: () => "check of a registry's login",
  title: ({ targets }) => `Check a registry's login on ${targets}`,
  subject: () => "The login",
  done: ({ targets }) => `The registry takes the login from ${targets}`,
  failed: (_, bad, good) => ["The login could not be used", `on ${bad}${good && `; it could on ${good}`}`],
  canceling: { hint: "nothing changes on the server", text: "The check is stopped. Nothing changes on the server." },
  plans: false,
  releases: false,
  logs: false,
} as const satisfies KindWords;
