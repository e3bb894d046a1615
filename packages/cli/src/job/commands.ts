import { groups, type Listed, verb } from "../command.ts";

export const jobs: Listed = {
  group: groups.things,
  name: "jobs",
  also: ["job"],
  summary: "Follow and cancel background work",
  verbs: [
    verb("list", "", "List jobs, newest first", () => import("./list.ts")),
    verb("show", "<job>", "Show one job", () => import("./show.ts")),
    verb("watch", "<job>", "Follow a job until it ends", () => import("./watch.ts")),
    verb("cancel", "<job>", "Cancel a job", () => import("./cancel.ts")),
  ],
};
