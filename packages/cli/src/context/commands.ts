import { groups, type Listed, verb } from "../command.ts";

export const context: Listed = {
  group: groups.signIn,
  name: "context",
  also: ["contexts"],
  summary: "List the logins you have, and choose one",
  alone: "list",
  verbs: [
    verb("list", "", "List the logins that are kept", () => import("./list.ts")),
    verb("use", "<context>", "Make a login the current one", () => import("./use.ts")),
  ],
};
