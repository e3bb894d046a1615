import { createWorld } from "@berth/aws/world.ts";
import { checkAddress } from "@berth/domain/remote/address.ts";
import { letIn } from "@berth/domain/remote/password.ts";
import { connectSsh, scanHostKey } from "@berth/domain/remote/ssh.ts";
import { connectManaged } from "@berth/domain/remote/ssm/connect.ts";
import { rolloutQueue } from "./rollout.ts";

const world = createWorld(process.env);

export const handler = rolloutQueue(world, {
  connect: connectSsh,
  // Loaded at the first use: most servers are reached by SSH.
  connectManaged: connectManaged(world, async (server) =>
    (await import("@berth/aws/run-command.ts")).takeRole(process.env, server),
  ),
  letIn,
  scan: scanHostKey,
  resolve: checkAddress,
});
