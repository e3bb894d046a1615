import { type Dice, roll } from "./id.ts";
import type { Chaos } from "./objects/settings.ts";

/** Nothing goes wrong. */
export function calm(): Chaos {
  return { shuffle: false, duplicate: 0, drop: 0, corrupt: 0, delayMs: 0, skewSeconds: 0 };
}

/** Any order and one delivery in ten twice: what a receiver must bear at any time. */
export function rough(): Chaos {
  return { ...calm(), shuffle: true, duplicate: 0.1 };
}

/** Whether something with this share happens this time. */
export function happens(dice: Dice, share: number): boolean {
  return share > 0 && roll(dice) < share;
}

/** The same things in any order. */
export function shuffled<T>(dice: Dice, things: readonly T[]): T[] {
  const mixed = [...things];
  for (let index = mixed.length - 1; index > 0; index -= 1) {
    const other = Math.floor(roll(dice) * (index + 1));
    [mixed[index], mixed[other]] = [mixed[other]!, mixed[index]!];
  }
  return mixed;
}
