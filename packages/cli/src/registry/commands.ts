import { groups, type Listed, verb } from "../command.ts";

export const registry: Listed = {
  group: groups.things,
  name: "registry",
  also: ["registries"],
  summary: "Logins for private images",
  verbs: [
    verb("add", "<registry>", "Store a registry's login, or replace it", () => import("./add.ts")),
    verb("list", "", "List the registries with a login", () => import("./list.ts")),
    verb("check", "<registry>", "Ask a registry whether it takes the login", () => import("./check.ts")),
    verb("remove", "<registry>", "Remove a registry's login", () => import("./remove.ts")),
  ],
};
