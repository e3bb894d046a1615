import { calm } from "./chaos.ts";
import type { Settings } from "./objects/settings.ts";

/** Eight tries in two weeks and then unpaid, as the product asks its account to be set. */
export function defaultSettings(): Settings {
  return {
    dunning: { offsetDays: [2, 3, 5, 6, 8, 10, 14], final: "unpaid" },
    failing: {},
    failNext: [],
    unfinalizable: {},
    refusals: [],
    latencyMs: 0,
    limitOneSubscription: false,
    clockStepMs: 0,
    chaos: calm(),
  };
}
