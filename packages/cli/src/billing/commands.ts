import { groups, type Listed, verb } from "../command.ts";

export const plans: Listed = {
  group: groups.account,
  ...verb("plans", "", "List what can be bought", () => import("./plans.ts")),
};

export const usage: Listed = {
  group: groups.account,
  ...verb("usage", "", "Show your plan and what is used of it", () => import("./usage.ts")),
};

export const billing: Listed = {
  group: groups.account,
  name: "billing",
  summary: "Look at the bill and its invoices",
  alone: "show",
  verbs: [
    verb("show", "", "Show the bill's state and where to manage it", () => import("./show.ts")),
    verb("invoices", "", "List your invoices, newest first", () => import("./invoices.ts")),
  ],
};
