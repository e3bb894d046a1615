import { groups, type Listed, verb } from "../command.ts";

export const addon: Listed = {
  group: groups.things,
  name: "addon",
  also: ["addons"],
  summary: "Databases, caches and queues beside an app",
  verbs: [
    verb("add", "<kind>", "Add postgres, redis, nats or mariadb to an app", () => import("./add.ts")),
    verb("list", "[app]", "List an app's add-ons", () => import("./list.ts")),
    verb("show", "<name>", "Show an add-on and the variables it gives", () => import("./show.ts")),
    verb("set", "<name>", "Choose its image, arguments, memory, or who gets its variables", () => import("./set.ts")),
    verb("upgrade", "<name>", "Give an add-on another version; its data comes along", () => import("./upgrade.ts")),
    verb("remove", "<name>", "Take an add-on out; its data stays", () => import("./remove.ts")),
  ],
};
