import { buildMutants } from "./mutants/build.ts";
import { jobMutants } from "./mutants/job.ts";
import { keepingMutants } from "./mutants/keeping.ts";
import { logMutants } from "./mutants/log.ts";
import { planMutants } from "./mutants/plan.ts";
import { rolloutMutants } from "./mutants/rollout.ts";
import { serverMutants } from "./mutants/server.ts";

/** A mistake somebody could make: what is found in a file is replaced, and the simulation has to notice. */
export interface Mutant {
  readonly name: string;
  /** Below packages/, functions/ or test/simulation/. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export const mutants: readonly Mutant[] = [
  ...rolloutMutants,
  ...jobMutants,
  ...logMutants,
  ...serverMutants,
  ...planMutants,
  ...buildMutants,
  ...keepingMutants,
];
