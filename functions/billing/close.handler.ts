import { stripeOf } from "@berth/aws/stripe.ts";
import { createWorld } from "@berth/aws/world.ts";
import { closeDue } from "@berth/domain/closing/closing.ts";
import { functions } from "../manifest.ts";

const world = createWorld(process.env, stripeOf(process.env));
/** Less than the function's timeout, so that it stops between two steps and not within one. */
const seconds = functions["billing/close"].timeoutSeconds - 60;

/** @throws Error when an account cannot be closed, to raise the alarm */
export async function handler(): Promise<void> {
  const done = await closeDue(world, new Date(world.now().getTime() + seconds * 1000));
  if (done.failed > 0) throw new Error(`${done.failed} accounts cannot be closed`);
  if (done.closed + done.swept > 0) world.log("info", "accounts closed", { ...done });
}
