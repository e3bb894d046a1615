import { groups, type Listed, verb } from "../command.ts";

export const plan: Listed = {
  group: groups.account,
  name: "plan",
  summary: "Look at your plan and change it",
  alone: "show",
  verbs: [
    verb("show", "", "Show your plan, what is used of it and what is planned", () => import("./show.ts")),
    verb("change", "<plan>", "Choose a plan, or change it", () => import("./change.ts")),
  ],
};
