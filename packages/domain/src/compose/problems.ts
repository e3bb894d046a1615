export const composeProblems = {
  "compose.invalid": {
    status: 422,
    title: "The Compose file is not valid",
    hint: "Fix it and deploy again; docker compose config, run beside it, finds the same mistake.",
  },
  "compose.unsupported": { status: 422, title: "The Compose file uses something that cannot be deployed" },
} as const;
