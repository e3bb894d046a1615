import * as z from "zod";
import { audit } from "../audit/audit.ts";
import type { Change } from "../job/kind.ts";
import { unredacted } from "../secret/redact.ts";

export const Preparation = z.enum(["docker", "passwords.off", "passwords.on"]);
export type Preparation = z.infer<typeof Preparation>;

const Prepare = z.object({ input: z.object({ what: Preparation }) });

/** Installs Docker, or turns logins by password off or on, over the target's own key: so that key works before no password does. */
export const prepare: Change<z.infer<typeof Prepare>> = {
  changes: "target",
  input: Prepare,
  retries: true,

  async run(_ctx, job) {
    return { op: "prepare", files: [], values: { what: job.input.what }, redact: unredacted };
  },

  async finish(ctx, job) {
    return Object.values(job.rollouts).map(({ target, name }) =>
      audit(ctx, "target.prepared", target, { name, result: job.status }),
    );
  },
};
