import { groups, type Listed, verb } from "../command.ts";

export const usage: Listed = {
  group: groups.account,
  ...verb("usage", "", "Show your plan and what is used of it", () => import("./usage.ts")),
};

export const billing: Listed = {
  group: groups.account,
  name: "billing",
  summary: "Choose and change your plan, look at the bill",
  alone: "show",
  verbs: [
    verb("show", "", "Show the bill's state and where to manage it", () => import("./show.ts")),
    verb("plan", "", "Show your plan, what is used of it and what is planned", () => import("./plan.ts")),
    verb("plans", "", "List what can be bought", () => import("./plans.ts")),
    verb("change", "<plan>", "Choose a plan, or change it", () => import("./change.ts")),
    verb("invoices", "", "List your invoices, newest first", () => import("./invoices.ts")),
  ],
};
