export const authProblems = {
  "auth.required": { status: 401, title: "You are not logged in", hint: "Log in, or send a token.", next: ["berth login"] },
  "auth.code_wrong": { status: 401, title: "The code is not right", hint: "Check the latest e-mail, or ask for a new code." },
  "auth.origin": { status: 403, title: "The request came from another site", hint: "Use Berth's own pages, or a token." },
  "auth.device_pending": {
    status: 428,
    title: "The login was not confirmed yet",
    hint: "Confirm it in the browser; ask again after the interval.",
  },
  "auth.device_slow": { status: 429, title: "Asked too soon", hint: "Wait for the interval given at the start." },
  "auth.device_denied": { status: 403, title: "The login was denied", next: ["berth login"] },
  "auth.device_expired": { status: 410, title: "The login request has expired", hint: "Start again.", next: ["berth login"] },
  "auth.proof": {
    status: 403,
    title: "This needs a fresh proof that it is you",
    hint: "Ask for a code by e-mail and enter it. It holds for 15 minutes.",
    next: ["berth prove"],
  },
  "session.not_found": {
    status: 404,
    title: "No such session",
    hint: "It may have ended already; the account page lists your sessions.",
  },
} as const;
