import { sha256 } from "../id.ts";
import type { TargetPlan } from "./plan.ts";

/** Short enough to type: it tells a plan from the others of one app, and is no secret. */
const DIGITS = 16;

interface Hashed {
  readonly app: string;
  readonly environment: string;
  /** Of the files, variables and settings that make the release. */
  readonly bundle: string;
  readonly targets: ReadonlyMap<string, TargetPlan>;
}

/** Names a plan: another one if anything else would happen. What is free changes by the minute, so only whether it is enough counts; and what was measured is no promise. */
export function hashOf({ targets, ...rest }: Hashed): string {
  const plans = [...targets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([target, plan]) => [target, lasting(plan)]);
  return sha256(canonical([rest, plans])).slice(0, DIGITS);
}

function lasting({ disk, memory, services, ...plan }: TargetPlan): unknown {
  return {
    ...plan,
    services: services.map(({ awayMs: _, ...each }) => each),
    disk: [disk.neededMb, isEnough(disk)],
    memory: memory.limitMb,
  };
}

export const isEnough = ({ neededMb, freeMb }: TargetPlan["disk"]) => neededMb <= freeMb;

/** JSON with the keys of each object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
