import { groups, type Listed, verb } from "../command.ts";

export const deployer: Listed = {
  group: groups.account,
  name: "deployer",
  also: ["deployers"],
  summary: "Let jobs of a repository deploy without a stored token",
  verbs: [
    verb("add", "<provider>", "Let jobs of a repository deploy an app; the provider is github", () => import("./add.ts")),
    verb("list", "", "List deployers", () => import("./list.ts")),
    verb("remove", "<deployer>", "Remove a deployer", () => import("./remove.ts")),
  ],
};
