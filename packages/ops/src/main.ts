#!/usr/bin/env node
import { parseArgs } from "node:util";
import { stripeOf } from "@berth/aws/stripe.ts";
import { createWorld } from "@berth/aws/world.ts";
import { systemContext, type World } from "@berth/domain/context.ts";
import { listLeases, listUnfinished, stuck, type Unfinished } from "@berth/domain/engine/operator.ts";
import { listEvents } from "@berth/domain/job/event.ts";
import { type Job, listJobs } from "@berth/domain/job/job.ts";

import { askBilling, type Told } from "./billing.ts";
import { isQueue, listDead, redrive } from "./dead.ts";
import { columns } from "./print.ts";

const usage = `berth-ops jobs stuck                     jobs that nobody looked at in time; exits with 1 if there is one
berth-ops jobs open                      every job that has not ended
berth-ops jobs list TENANT               a tenant's jobs, newest first
berth-ops jobs show TENANT JOB           a job, and what its runs said
berth-ops leases                         who holds which target, and who waits
berth-ops dead list jobs|mail|billing    messages that were given up
berth-ops dead redrive jobs|mail|billing moves them back, five a second
berth-ops billing show TENANT            what we know, what Stripe says, and how they differ
berth-ops billing resync TENANT          looks at Stripe again
berth-ops billing reconcile [--repair]   compares every account, and fixes what differs if told to; exits with 1 if something stays
--json for programs. It needs the operator's credentials, and the environment of the function workers/sweep; for bills that of
billing/reconcile.
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, repair: { type: "boolean", default: false } },
});

const brief = ({ id, kind, status, app, createdAt, failure }: Job) => ({
  id,
  kind,
  status,
  app,
  createdAt,
  failure: failure?.class,
});
const open = (list: readonly Unfinished[]) => columns(list.map(({ tenant, job, dueAt }) => ({ tenant, ...brief(job), dueAt })));

async function answer(world: World, words: readonly string[]): Promise<Told | undefined> {
  const of = (tenant: string) => systemContext(world, tenant, "operator");
  const [area, verb, first, second] = words;
  if (area === "billing") return askBilling(world, [verb, first], values);
  switch (`${area} ${verb ?? ""}`.trim()) {
    case "jobs stuck": {
      const found = stuck(await listUnfinished(world), world.now());
      return { facts: found, text: found.length === 0 ? "no job is stuck\n" : open(found), bad: found.length > 0 };
    }
    case "jobs open": {
      const found = await listUnfinished(world);
      return { facts: found, text: open(found) };
    }
    case "jobs list": {
      if (!first) return undefined;
      const { items } = await listJobs(of(first), { limit: 50 });
      return { facts: items, text: columns(items.map(brief)) };
    }
    case "jobs show": {
      if (!first || !second) return undefined;
      const { job, items } = await listEvents(of(first), { job: second, waitSeconds: 0 });
      const lines = items.map(({ at, name, seq, step, text }) => `${at} ${name} ${seq} ${step ?? ""} ${text ?? ""}\n`);
      return { facts: { job, events: items }, text: `${JSON.stringify(job, null, 2)}\n${lines.join("")}` };
    }
    case "leases": {
      const leases = await listLeases(world, await listUnfinished(world));
      return { facts: leases, text: columns(leases.map((lease) => ({ ...lease, waiting: lease.waiting.join(" ") }))) };
    }
    case "dead list": {
      if (!isQueue(first)) return undefined;
      const dead = await listDead(process.env, first);
      return { facts: dead, text: `${dead.waiting} given up\n${columns(dead.messages)}`, bad: dead.waiting > 0 };
    }
    case "dead redrive": {
      if (!isQueue(first)) return undefined;
      const moved = await redrive(process.env, first);
      return { facts: moved, text: "moving them back\n" };
    }
    default:
      return undefined;
  }
}

const told = positionals.length === 0 ? undefined : await answer(createWorld(process.env, stripeOf(process.env)), positionals);
process.stdout.write(told === undefined ? usage : values.json ? `${JSON.stringify(told.facts)}\n` : told.text);
process.exitCode = told === undefined ? 2 : told.bad ? 1 : 0;
