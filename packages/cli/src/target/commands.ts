import { groups, type Listed, verb } from "../command.ts";

export const target: Listed = {
  group: groups.things,
  name: "target",
  also: ["targets", "server", "servers"],
  summary: "Add, check and remove servers",
  verbs: [
    verb("add", "<name> [address]", "Add a server and give Berth access", () => import("./add.ts")),
    verb("bootstrap", "<name> [address]", "Let Berth's key in with a password", () => import("./bootstrap.ts")),
    verb("prepare", "<name>", "Install Docker, or turn logins by password off", () => import("./prepare.ts")),
    verb("label", "<name> [labels...]", "Label a server, to name several at once", () => import("./label.ts")),
    verb("use", "<name>", "Make a server the default of the account", () => import("./use.ts")),
    verb("list", "", "List your servers", () => import("./list.ts")),
    verb("show", "<name>", "Show one server", () => import("./show.ts")),
    verb("check", "[name]", "Look at a server again", () => import("./check.ts")),
    verb("trust", "<name>", "Confirm a server's host key", () => import("./trust.ts")),
    verb("remove", "<name>", "Forget a server", () => import("./remove.ts")),
  ],
};
