import type { World } from "./world.ts";

export interface TestClock {
  id: string;
  object: "test_helpers.test_clock";
  frozen_time: number;
  status: "ready" | "advancing";
}

export function lockedClock(_world: World, _params: object, _input: object): void {}
