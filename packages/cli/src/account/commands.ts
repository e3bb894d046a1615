import { groups, type Listed, verb } from "../command.ts";

export const account: Listed = {
  group: groups.account,
  name: "account",
  summary: "Close your account",
  verbs: [verb("delete", "", "End the subscription and erase everything", () => import("./delete.ts"))],
};
