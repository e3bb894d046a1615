export const tenantProblems = {
  "account.apps_running": {
    status: 409,
    title: "Apps are deployed on your servers",
    hint: "Remove them first, or leave them running: they stay on your servers, and Berth can no longer reach them.",
    next: ["berth app list", "berth account delete --leave-apps"],
  },
  "account.busy": {
    status: 409,
    title: "Work is under way on your servers",
    hint: "Wait for it, or cancel it.",
    next: ["berth jobs list"],
  },
  "account.closing": {
    status: 409,
    title: "The account is being closed",
    hint: "Its subscription is ended and its data erased; you get a mail when that is done. The address can sign up again then.",
  },
} as const;
