export const importProblems = {
  "import.secret": {
    status: 422,
    title: "The export holds a secret",
    hint: "Take it out, or in a Compose file put a variable in its place; give its value when you deploy.",
  },
  "import.plan_changed": {
    status: 409,
    title: "That is not the plan as it is now",
    hint: "Look at the plan again and apply the new one.",
    next: ["berth import self-hosted FILE"],
  },
} as const;
