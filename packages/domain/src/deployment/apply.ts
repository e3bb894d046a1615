import { addonsOf, Chosen } from "../addon/addon.ts";
import type { Context } from "../context.ts";
import type { Job } from "../job/job.ts";
import { choose } from "../variable/used.ts";
import { type Anew, deployAnew } from "./anew.ts";
import { accepted } from "./deploy.ts";

interface Applied extends Anew {
  /** The add-ons as they are now too. */
  readonly addons?: boolean | undefined;
  readonly acceptDataRisk?: boolean | undefined;
}

/** Deploys what is live, its images too, with the secrets and variables as they are now. */
export const applyVariables = (ctx: Context, input: Applied): Promise<Job> =>
  deployAnew(ctx, input, async ({ app, environment, live }) => {
    const { used, unchanged } = await choose(ctx, app, environment.name, environment.namespaces ?? []);
    return {
      variables: [...used],
      addons: input.addons ? (await addonsOf(ctx, app, environment.name)).map((row) => Chosen.parse(row)) : live.addons,
      writes: unchanged ? [unchanged] : [],
      input: accepted(input),
    };
  });
