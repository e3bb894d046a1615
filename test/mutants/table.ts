import { account } from "./account.ts";
import { addon } from "./addon.ts";
import { api } from "./api.ts";
import { billing } from "./billing.ts";
import { builds } from "./build.ts";
import { cli } from "./cli.ts";
import { reading } from "./compose.ts";
import { deploying } from "./deployer.ts";
import { infra } from "./infra.ts";
import type { Mutant } from "./mutant.ts";
import { operating } from "./operations.ts";
import { planner } from "./plan.ts";
import { script } from "./runner.ts";
import { secrets } from "./secret.ts";
import { signIn } from "./sign-in.ts";
import { web } from "./web.ts";
import { workers } from "./worker.ts";

/** Every planted bug outside the simulation. */
export const mutants: readonly Mutant[] = [
  ...api,
  ...signIn,
  ...deploying,
  ...account,
  ...addon,
  ...cli,
  ...builds,
  ...reading,
  ...planner,
  ...web,
  ...infra,
  ...script,
  ...operating,
  ...workers,
  ...billing,
  ...secrets,
];
