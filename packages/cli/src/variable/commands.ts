import { groups, type Listed, verb } from "../command.ts";

export const secret: Listed = {
  group: groups.things,
  name: "secret",
  also: ["secrets"],
  summary: "An app's secrets",
  verbs: [
    verb("set", "<name>", "Set a secret, from a hidden prompt, standard input or a file", () =>
      import("./set.ts").then(({ set }) => set("secret")),
    ),
    verb("list", "", "List an app's secrets, without their values", () => import("./list.ts").then(({ list }) => list("secret"))),
    verb("import", "<file>", "Set secrets from a file of variables", () =>
      import("./import.ts").then(({ importFile }) => importFile("secret")),
    ),
    verb("history", "<name>", "Who changed a secret when", () => import("./history.ts").then(({ history }) => history("secret"))),
    verb("get", "<name>", "Show a secret, after a proof and for a reason", () =>
      import("./get.ts").then(({ get }) => get("secret")),
    ),
    verb("unset", "<name>", "Unset a secret", () => import("./unset.ts").then(({ unset }) => unset("secret"))),
  ],
};

export const variable: Listed = {
  group: groups.things,
  name: "variable",
  also: ["variables"],
  summary: "An app's variables",
  verbs: [
    verb("set", "<name>", "Set a variable, from a prompt, standard input or a file", () =>
      import("./set.ts").then(({ set }) => set("variable")),
    ),
    verb("list", "", "List an app's variables", () => import("./list.ts").then(({ list }) => list("variable"))),
    verb("import", "<file>", "Set variables from a file of them", () =>
      import("./import.ts").then(({ importFile }) => importFile("variable")),
    ),
    verb("history", "<name>", "Who changed a variable when", () =>
      import("./history.ts").then(({ history }) => history("variable")),
    ),
    verb("get", "<name>", "Show a variable", () => import("./get.ts").then(({ get }) => get("variable"))),
    verb("unset", "<name>", "Unset a variable", () => import("./unset.ts").then(({ unset }) => unset("variable"))),
  ],
};
