import { groups, type Listed, verb } from "../command.ts";

export const releases: Listed = {
  group: groups.deploying,
  also: ["release"],
  ...verb("releases", "[app]", "List an app's releases", () => import("./list.ts")),
};
