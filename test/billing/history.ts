import type { Snapshot } from "@berth/domain/billing/stripe/snapshot.ts";
import { type Dice, type Model, moves, newModel, pick } from "./model.ts";

/** An event as it was made: when, by Stripe's clock of whole seconds, and what then was so. */
export interface MadeEvent {
  readonly id: string;
  readonly created: number;
  readonly payload: Snapshot;
}

/** Something that answers events. It waits at the gate before each thing it reads or writes, so that anything may happen in between. */
type Answer = (event: MadeEvent) => Promise<void>;

/** What runs side by side, in an order that the dice throw: the steps of every answer under way, of Stripe's changes and of deliveries. */
export interface Stage {
  readonly gate: () => Promise<void>;
  readonly run: (history: History, answer: Answer) => Promise<void>;
}

export interface History {
  readonly dice: Dice;
  readonly model: Model;
  readonly changes: number;
  /** Share of deliveries that come twice, and that never come. */
  readonly twice: number;
  readonly lost: number;
}

/** Lets everything that can run without the gate run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createStage(dice: () => Dice): Stage {
  const waiting: (() => void)[] = [];
  const gate = () => new Promise<void>((resolve) => void waiting.push(resolve));
  const take = <T>(from: T[]): T => from.splice(Math.floor(dice()() * from.length), 1)[0] as T;

  async function run({ dice: roll, model, changes, twice, lost }: History, answer: Answer): Promise<void> {
    const deliveries: MadeEvent[] = [];
    let left = changes;
    let made = 0;
    let under = 0;
    let failure: unknown;
    const start = (event: MadeEvent) => {
      under++;
      answer(event).then(
        () => void under--,
        (error: unknown) => {
          failure ??= error;
          under--;
        },
      );
    };
    while (left > 0 || deliveries.length > 0 || under > 0) {
      const choices = [
        ...(left > 0 ? ["change"] : []),
        ...(deliveries.length > 0 ? ["deliver"] : []),
        ...waiting.map(() => "step"),
      ];
      const choice = pick(roll, choices);
      if (choice === "change") {
        left--;
        model.now += pick(roll, [0, 0, 0, 1, 3600, 86_400, 9 * 86_400]);
        const next = move(model, roll);
        model.snapshot = next;
        const event = { id: `evt_${next.customer}_${++made}`, created: model.now, payload: next };
        // The last change's own event is never lost in this world; what loses it is repaired by a look that comes later.
        if (roll() >= lost) deliveries.push(event);
        if (roll() < twice) deliveries.push(event);
      } else if (choice === "deliver") {
        start(take(deliveries));
        await settle();
      } else {
        take(waiting)();
        await settle();
      }
      if (failure) throw failure;
    }
  }
  return { gate, run };
}

/** Something that can happen now. */
function move(model: Model, roll: Dice): Snapshot {
  for (;;) {
    const next = pick(roll, Object.values(moves))(model, roll);
    if (next) return next;
  }
}

/** Mulberry32, between 0 and 1. */
function createDice(seed: number): Dice {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const newHistory = (seed: number, customer: string, start: number): History => {
  const dice = createDice(seed);
  return {
    dice,
    model: newModel(customer, start),
    changes: 2 + Math.floor(dice() * 7),
    twice: 0.2,
    lost: pick(dice, [0, 0, 0.1, 0.3]),
  };
};
