import { groups, type Listed, verb } from "../command.ts";

export const app: Listed = {
  group: groups.things,
  name: "app",
  also: ["apps"],
  summary: "Make, look at and remove apps",
  verbs: [
    verb("init", "[name]", "Make an app and remember its name in berth.yaml", () => import("./init.ts")),
    verb("list", "", "List your apps and what is live", () => import("./list.ts")),
    verb("status", "[app]", "Show what serves where, and the last job", () => import("./status.ts")),
    verb("start", "[app]", "Start an app's containers that are down", () => import("./start.ts")),
    verb("policy", "[app]", "Show or set what its deployments may have of a server", () => import("./policy.ts")),
    verb("remove", "<app>", "Take an app off its servers", () => import("./remove.ts")),
  ],
};
