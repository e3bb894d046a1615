import { createWorld } from "@berth/aws/world.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";

const world = createWorld(process.env);

export async function handler(): Promise<void> {
  const sent = await sweep(world);
  if (sent > 0) world.log("info", "dispatched again", { sent });
}
