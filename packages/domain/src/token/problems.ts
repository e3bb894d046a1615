export const tokenProblems = {
  "token.scope": {
    status: 403,
    title: "This credential may not do that",
    hint: "Use a token with the scope named in the detail.",
    next: ["berth token create NAME --scope deploy"],
  },
  "token.too_many": {
    status: 409,
    title: "There are too many tokens",
    hint: "Revoke tokens that are no longer used.",
    next: ["berth token list", "berth token revoke ID"],
  },
  "token.not_found": { status: 404, title: "No such token", next: ["berth token list"] },
} as const;
