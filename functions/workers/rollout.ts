import { checkAddress } from "@berth/domain/remote/address.ts";
import { connectSsh, scanHostKey } from "@berth/domain/remote/ssh.ts";
import { createWorld } from "../world.ts";
import { answerBells } from "./bells.ts";

/** The jobs queue, with servers reached over SSH. */
export const handler = answerBells(createWorld(process.env), {
  connect: connectSsh,
  scan: scanHostKey,
  resolve: checkAddress,
});
