export const planProblems = {
  "plan.slots_full": {
    status: 402,
    title: "All app slots of your plan are used",
    hint: "Remove an app, or choose a larger plan.",
    next: ["berth app list", "berth plan change PLAN"],
  },
  "plan.targets_full": {
    status: 402,
    title: "All targets of your plan are used",
    hint: "Remove a target, or choose a larger plan.",
    next: ["berth target list", "berth plan change PLAN"],
  },
} as const;
