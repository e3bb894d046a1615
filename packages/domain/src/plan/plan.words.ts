import type { KindWords } from "../job/kind-words.ts";

export const planWords = {
  entry: ({ where }) => `plan ${where}`,
  brief: ({ where }) => `plan for ${where}`,
  title: ({ where, targets }) => `Plan a deployment of ${where} to ${targets}`,
  subject: () => "The plan",
  done: ({ where, targets }) => `${where} planned on ${targets}`,
  failed: ({ where }, bad, good) => [`${where} could not be planned`, `on ${bad}${good && `; it is planned on ${good}`}`],
  canceling: { hint: "nothing changes on the server", text: "The plan is stopped. Nothing changes on the server." },
  plans: true,
  releases: false,
  logs: false,
} as const satisfies KindWords;
