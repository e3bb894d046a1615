import { groups, type Listed, verb } from "../command.ts";

export const audit: Listed = {
  group: groups.account,
  ...verb("audit", "", "Show who did what", () => import("./list.ts")),
};
