import { groups, type Listed, verb } from "../command.ts";

export const logs: Listed = {
  group: groups.deploying,
  also: ["log"],
  ...verb("logs", "[app]", "Show what an app's containers say", () => import("./read.ts")),
};
