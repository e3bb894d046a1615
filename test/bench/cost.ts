/** What one deploy to one target costs: of the table, of the queue, and of the server. */
import type { Stage } from "../e2e/stage.ts";
import type { Server } from "../lab/server.ts";
import { type Deployed, deployOnce, quiet } from "./deploying.ts";
import { type Spent, startMeter } from "./meter.ts";

export interface Cost extends Deployed, Spent {
  readonly connections: number;
  readonly execs: number;
}

/** Deploys once; counts from the request until all that follows the job's end has been done. */
export async function costOf(stage: Stage, server: Server, app: string, mark: string): Promise<Cost> {
  await quiet(stage.cloud());
  const before = server.ssh();
  const stop = startMeter(stage.cloud());
  const deployed = await deployOnce(stage, app, mark);
  await quiet(stage.cloud());
  const after = server.ssh();
  return {
    ...deployed,
    ...stop(),
    connections: after.connections - before.connections,
    execs: after.execs - before.execs,
  };
}
