import type { Chance } from "./chance.ts";

/** Every fault there is, with the most often it strikes where it can: per call, per connection, per run or per history. */
const faults = {
  "process killed": 0.004,
  "process frozen": 0.001,
  "clock skewed": 0.5,
  "code of another version": 0.5,
  "table throttled": 0.02,
  "transaction in conflict": 0.05,
  "write lost, time-out": 0.01,
  "write done, time-out": 0.01,
  "write done twice by the client": 0.02,
  "stale read": 0.3,
  "message sent twice": 0.2,
  "message out of order": 0.3,
  "message late": 0.03,
  "send failed": 0.05,
  "send done, time-out": 0.05,
  "stream behind": 0.2,
  "sweep missed": 0.3,
  "connection refused": 0.15,
  "host unreachable": 0.1,
  "command lost": 0.08,
  "line dropped": 0.15,
  "answer lost": 0.08,
  "server rebooted": 0.08,
  "server silent": 0.05,
  "question lost": 0.1,
  "question answered late": 0.05,
  "answer held": 0.3,
  "answer drips": 0.2,
  "name held": 0.03,
  "server slow": 0.15,
  "disk full": 0.05,
  "docker hung": 0.06,
  "registry down": 0.1,
  "answer to the customer lost": 0.1,
  "bucket silent": 0.05,
  "upload broken": 0.2,
  "upload late": 0.1,
  "upload sent twice": 0.2,
  "upload done, no answer": 0.1,
  "file changed meanwhile": 0.1,
} as const;
export type Fault = keyof typeof faults;
const kinds = Object.keys(faults) as Fault[];

/** A swarm: each history has its own choice of faults, each with its own frequency; one in eight has none at all. */
export interface Swarm {
  /** Whether the fault strikes now; counted. */
  strike(fault: Fault): boolean;
  has(fault: Fault): boolean;
  readonly calm: boolean;
  readonly struck: Map<Fault, number>;
  /** From here on nothing strikes. */
  quiet(at?: number): void;
  isQuiet(): boolean;
  quietSince(): number;
}

export function createSwarm(chance: Chance): Swarm {
  const calm = chance.hit(0.125);
  const often = new Map<Fault, number>();
  for (const fault of kinds)
    if (!calm && chance.hit(0.4))
      often.set(fault, Math.min(0.8, faults[fault] * (0.1 + 0.9 * chance.next()) * (chance.hit(0.1) ? 6 : 1)));
  const struck = new Map<Fault, number>();
  let over = false;
  let since = Number.POSITIVE_INFINITY;
  return {
    calm,
    struck,
    isQuiet: () => over,
    has: (fault) => often.has(fault),
    strike(fault) {
      const probability = often.get(fault);
      if (over || probability === undefined || !chance.hit(probability)) return false;
      struck.set(fault, (struck.get(fault) ?? 0) + 1);
      return true;
    },
    quietSince: () => since,
    quiet: (at = 0) => {
      over = true;
      since = at;
    },
  };
}
