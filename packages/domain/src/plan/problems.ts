export const planProblems = {
  "plan.not_found": { status: 404, title: "There is no such plan", hint: "Plan again: berth plan" },
  "plan.stale": {
    status: 409,
    title: "The plan no longer holds",
    hint: "Something changed since it was made, and nothing was done. Plan again, and apply the new plan.",
  },
} as const;
