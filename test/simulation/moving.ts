import { addedOf, movesOf } from "./reporting.ts";
import type { Project, Run } from "./server.ts";
import type { Stage } from "./stage.ts";

/** What its plan has moved; done again it is moved again. A volume that nobody has is made. */
export function moveData({ tell }: Stage, run: Run, { data }: Project): void {
  for (const { volume } of addedOf(run.input).values()) if (!data.has(volume)) data.set(volume, 0);
  for (const [name = "", , from = "", to = ""] of movesOf(run.input)) {
    if (!run.plan.includes(`move ${name}`)) continue;
    data.set(to, data.get(from) ?? 0);
    tell(run.job, `moves the data of ${name} from ${from} to ${to}`);
  }
}
