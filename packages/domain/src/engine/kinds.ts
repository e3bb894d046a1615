import { deploy } from "../deployment/deploy.kind.ts";
import { remove } from "../deployment/remove.kind.ts";
import type { Job } from "../job/job.ts";
import type { Kind } from "../job/kind.ts";
import type { JobKind } from "../job/words.ts";
import { plan } from "../plan/plan.kind.ts";
import { checkLogin } from "../registry/check.kind.ts";
import { bootstrap } from "../target/bootstrap.kind.ts";
import { check } from "../target/check.kind.ts";
import { prepare } from "../target/prepare.kind.ts";

export const kinds: { readonly [Name in JobKind]: Kind } = {
  deployment: deploy,
  "deployment.plan": plan,
  "app.remove": remove,
  "target.check": check,
  "target.bootstrap": bootstrap,
  "target.prepare": prepare,
  "registry.check": checkLogin,
};

export const kindOf = (job: Pick<Job, "kind">): Kind => kinds[job.kind];
