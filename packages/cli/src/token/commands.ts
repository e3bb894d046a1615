import { groups, type Listed, verb } from "../command.ts";

export const token: Listed = {
  group: groups.account,
  name: "token",
  also: ["tokens"],
  summary: "Issue and revoke API tokens",
  verbs: [
    verb("create", "<name>", "Issue a token", () => import("./create.ts")),
    verb("list", "", "List tokens", () => import("./list.ts")),
    verb("revoke", "<token>", "Revoke a token", () => import("./revoke.ts")),
  ],
};
