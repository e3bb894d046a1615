import { body, type Client } from "@berth/api-client/client.ts";
import type { PricingPlan } from "@berth/api-client/types.ts";
import { type PricingPlanName, pricingPlanNames } from "@berth/domain/pricing/plans.ts";
import { once } from "../api/once.ts";
import { type Flags, isSet, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import { clean } from "../terminal/text.ts";
import { aMonth, changeLines, doneLines, overLines, question } from "./view.ts";

interface Input {
  readonly plan: PricingPlanName;
  readonly preview: boolean;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth billing change pro", "says what it costs now, and asks; without a plan yet, the page to pay on"],
  ["berth billing change solo --preview", "only what it would mean"],
  ["berth billing change pro --yes", "does not ask; with your present plan, takes a planned change back"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command.option("--preview", "say what it would mean, and change nothing").option("-y, --yes", "do not ask");

export function parse([text = ""]: readonly string[], flags: Flags): Input {
  const plan = pricingPlanNames.find((name) => name === text);
  if (plan === undefined) throw usage(`"${text}" is none of ${pricingPlanNames.join(", ")}.`, "berth billing plans");
  return { plan, preview: isSet(flags, "preview"), yes: isSet(flags, "yes") };
}

export async function run(session: Session, { plan: name, preview, yes }: Input): Promise<Exit> {
  const api = await session.api();
  const [billing, plans] = await Promise.all([body(api.v1.billing.$get()), body(api.v1.plans.$get())]);
  const plan = plans.items.find((each) => each.name === name);
  if (!plan) throw usage(`${name} is not sold any more.`, "berth billing plans");
  if (billing.plan === null) return choosePlan(session, api, plan, preview);
  if (preview || !yes) {
    const change = await body(api.v1.billing.plan.$post({ json: { plan: name, preview: true } }));
    const { width, paint, errWidth, errPaint } = session.terminal;
    const now = session.now();
    if (preview) {
      show(session, change, () => changeLines(change, plan, { width, paint, now }));
      return exits.done;
    }
    note(session, ...changeLines(change, plan, { width: errWidth, paint: errPaint, now }));
    await agree(session, {
      detail: question(change),
      next: `berth billing change ${name} --yes`,
      question: question(change),
      initial: change.due === 0,
    });
  }
  const done = await body(api.v1.billing.plan.$post({ json: { plan: name } }, once()));
  show(session, done, () => [...doneLines(done, session.terminal), ...(yes ? overLines(done.over, name, session.terminal) : [])]);
  return done.status === "payment_needed" ? exits.failed : exits.done;
}

/** A first plan, or one after the last has ended, is paid on a page in the browser. */
async function choosePlan(session: Session, api: Client, plan: PricingPlan, preview: boolean): Promise<Exit> {
  const used = await body(api.v1.usage.$get());
  const answer = {
    from: null,
    plan: plan.name,
    kind: "checkout",
    status: preview ? "preview" : "checkout",
    due: plan.price,
    currency: plan.currency,
    url: preview ? null : (await body(api.v1.billing.checkout.$post({ json: { plan: plan.name } }))).url,
    over: { slots: Math.max(0, used.slots.used - plan.slots), targets: Math.max(0, used.targets.used - plan.targets) },
  };
  show(session, answer, () => [
    `${session.terminal.paint.bold(plan.name)} costs ${aMonth(plan)}, paid on a page in the browser; it is in force as soon as it is paid.`,
    ...(answer.url === null ? [] : [`Pay it here: ${session.terminal.paint.cyan(clean(answer.url))}`]),
    ...overLines(answer.over, plan.name, session.terminal),
  ]);
  return exits.done;
}
