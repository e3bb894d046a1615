import { parseArgs } from "node:util";
import { inspectBilling, resyncBilling } from "@berth/domain/billing/operator.ts";
import { reconcile } from "@berth/domain/billing/reconcile.ts";
import type { Context } from "@berth/domain/context.ts";
import { stripeOf } from "../functions/stripe.ts";
import { createWorld } from "../functions/world.ts";

const usage = `node scripts/ops.ts billing show <tenant>        what we know, what Stripe says, and how they differ
node scripts/ops.ts billing resync <tenant>      look at Stripe again
node scripts/ops.ts billing reconcile            compare every account; change nothing
node scripts/ops.ts billing reconcile --repair   and mend what differs
It needs the environment of the function billing/reconcile.
`;

const { positionals, values } = parseArgs({ allowPositionals: true, options: { repair: { type: "boolean", default: false } } });
const [area, verb, tenant] = positionals;

/** What an operator asks of a deployment from a terminal; answers in JSON. */
async function answer(): Promise<unknown> {
  const world = createWorld(process.env, stripeOf(process.env));
  const of = (id: string): Context => ({ ...world, tenant: id, actor: { kind: "system", id: "operator" } });
  if (area === "billing" && verb === "reconcile") return reconcile(world, { repair: values.repair });
  if (area === "billing" && verb === "show" && tenant) return inspectBilling(of(tenant));
  if (area === "billing" && verb === "resync" && tenant) return { outcome: await resyncBilling(of(tenant)) };
  return undefined;
}

const said = positionals.length === 0 ? undefined : await answer();
process.stdout.write(said === undefined ? usage : `${JSON.stringify(said, null, 2)}\n`);
process.exitCode = said === undefined ? 1 : 0;
