import type { KindWords } from "../job/kind-words.ts";

export const prepareWords = {
  entry: () => "prepare",
  brief: () => "preparation",
  title: ({ targets }) => `Prepare ${targets}`,
  subject: () => "The preparation",
  done: ({ targets }) => `${targets} is prepared`,
  failed: (_, bad, good) => ["The server could not be prepared", `on ${bad}${good && `; it was on ${good}`}`],
  canceling: {
    hint: "what is being installed is installed",
    text: "The preparation is stopped. Packages that are being installed are installed first.",
  },
  plans: false,
  releases: false,
  logs: true,
} as const satisfies KindWords;
