import { makeTable } from "@berth/local/cloud/table.ts";
import { createEngine, type Engine } from "@berth/local-dynamodb/engine.ts";
import { type Chance, createChance } from "./chance.ts";
import { type Clock, createClock } from "./clock.ts";
import { createSwarm, type Swarm } from "./fault.ts";

export const START = Date.UTC(2027, 2, 1, 12);

export interface Violation {
  /** Number and words of the invariant, as in docs/simulation.md. */
  readonly invariant: string;
  readonly what: string;
  /** Milliseconds of virtual time. */
  readonly at: number;
}

/** What all parts of one history share. */
export interface Stage {
  readonly seed: number;
  readonly chance: Chance;
  readonly clock: Clock;
  readonly swarm: Swarm;
  readonly engine: Engine;
  readonly violations: Violation[];
  /** One line of the history: part of its hash, kept as text where a person wants to read it. */
  tell(who: string, what: string): void;
  violate(invariant: string, what: string): void;
  readonly lines: string[];
  hash(): string;
}

export function createStage(seed: number, readable: boolean): Stage {
  const chance = createChance(seed);
  const clock = createClock(START);
  const swarm = createSwarm(chance);
  const engine = createEngine({ now: clock.now });
  makeTable(engine);
  const lines: string[] = [];
  const violations: Violation[] = [];
  let low = 0x811c9dc5;
  let high = 0x01000193;
  const add = (text: string) => {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high + code, 0x85ebca6b) ^ (high >>> 13);
    }
  };
  const tell = (who: string, what: string) => {
    const line = `${((clock.now() - START) / 1000).toFixed(3)} ${who} ${what}`;
    add(line);
    if (readable) lines.push(line);
  };
  return {
    seed,
    chance,
    clock,
    swarm,
    engine,
    violations,
    lines,
    tell,
    violate(invariant, what) {
      violations.push({ invariant, what, at: clock.now() - START });
      tell("!", `${invariant}: ${what}`);
    },
    hash: () => (low >>> 0).toString(16).padStart(8, "0") + (high >>> 0).toString(16).padStart(8, "0"),
  };
}
