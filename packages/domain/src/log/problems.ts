export const logProblems = {
  "log.not_found": {
    status: 404,
    title: "This log session has ended",
    hint: "Open them again.",
    next: ["berth logs APP"],
  },
  "log.too_many": {
    status: 429,
    title: "Too many log sessions are open",
    hint: "Close one, or wait for the time in Retry-After.",
  },
} as const;
