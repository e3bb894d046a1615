import type { KindWords } from "../job/kind-words.ts";

export const removeWords = {
  entry: ({ where }) => `remove ${where}`,
  brief: () => "removal",
  title: ({ where }) => `Remove ${where}`,
  subject: ({ where }) => where,
  done: ({ where, targets }) => `${where} was removed from ${targets}`,
  failed: ({ where }, bad, good) => [`${where} could not be removed`, `from ${bad}${good && `; it was removed from ${good}`}`],
  canceling: {
    hint: "what has begun is completed",
    text: "Where the removal has not begun, nothing is removed. One that has begun on a server is completed.",
  },
  plans: false,
  releases: false,
  logs: true,
} as const satisfies KindWords;
