import { groups, type Listed, verb } from "../command.ts";

export const deploy: Listed = {
  group: groups.deploying,
  ...verb("deploy", "", "Deploy the Compose app in this folder", () => import("./deploy.ts")),
};

export const plan: Listed = {
  group: groups.deploying,
  ...verb("plan", "", "Say what deploying this folder would do, and change nothing", () => import("./plan.ts")),
};

export const rollback: Listed = {
  group: groups.deploying,
  ...verb("rollback", "[release]", "Go back to an earlier release", () => import("./rollback.ts")),
};
