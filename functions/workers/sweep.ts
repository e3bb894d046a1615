import { sweep } from "@berth/domain/engine/sweep.ts";
import { systemOf } from "../worker.ts";
import { createWorld } from "../world.ts";

const world = createWorld(process.env);

/** Every minute: rings again for jobs that were not heard of in time. */
export async function handler(): Promise<void> {
  const rung = await sweep(world, (tenant) => systemOf(world, tenant, "sweep"));
  if (rung > 0) world.log("info", "rang again", { rung });
}
