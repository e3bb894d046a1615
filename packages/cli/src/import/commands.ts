import { groups, type Listed, verb } from "../command.ts";

export const imports: Listed = {
  group: groups.things,
  name: "import",
  summary: "Import a self-hosted installation",
  verbs: [
    verb("self-hosted", "<file>", "Plan and apply an export", () => import("./self-hosted.ts")),
    verb("list", "", "List what is kept of imported apps", () => import("./list.ts")),
  ],
};
