export const composeProblems = {
  "compose.conflict": {
    status: 409,
    title: "The project already has what Berth would add to it",
    hint: "Rename it or take it out of .env, or add the add-on under another name with --name. Nothing is overwritten.",
  },
  "compose.invalid": {
    status: 422,
    title: "The Compose file is not valid",
    hint: "Fix it and deploy again; docker compose config, run beside it, finds the same mistake.",
  },
  "compose.no_service": {
    status: 422,
    title: "The Compose file has no such service",
    hint: "Name a service that is deployed: one that the Compose file has, and whose profile, if it has one, is asked for.",
  },
  "compose.unsupported": { status: 422, title: "The Compose file uses something that cannot be deployed" },
} as const;
