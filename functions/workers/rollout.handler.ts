import { createWorld } from "@berth/aws/world.ts";
import { checkAddress } from "@berth/domain/remote/address.ts";
import { letIn } from "@berth/domain/remote/password.ts";
import { connectSsh, scanHostKey } from "@berth/domain/remote/ssh.ts";
import { rolloutQueue } from "./rollout.ts";

export const handler = rolloutQueue(createWorld(process.env), {
  connect: connectSsh,
  letIn,
  scan: scanHostKey,
  resolve: checkAddress,
});
