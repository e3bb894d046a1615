import type { Client } from "@berth/api-client/client.ts";
import type { Target } from "@berth/api-client/types.ts";
import type { InferResponseType } from "hono/client";
import { addressOf } from "../target/address.ts";
import { installCommand, publicKeyOf } from "../target/install.ts";
import type { Paint } from "../terminal/paint.ts";
import { type Layout, table } from "../terminal/table.ts";
import { plural } from "../terminal/text.ts";

export type ImportPlan = InferResponseType<Client["v1"]["imports"]["$post"], 200>;
export type ImportItem = ImportPlan["items"][number];
export type Imported = InferResponseType<Client["v1"]["imports"]["$get"], 200>["items"][number];

const toned = (paint: Paint, text: string, { action }: ImportItem) =>
  action === "create" || action === "created" ? paint.green(text) : action === "exists" ? paint.dim(text) : paint.yellow(text);

const words: Record<ImportItem["action"], string> = {
  create: "create",
  created: "created",
  exists: "exists",
  conflict: "conflict",
  over_limit: "over limit",
  skipped: "skipped",
};

export const count = ({ items }: ImportPlan, ...actions: readonly ImportItem["action"][]) =>
  items.filter(({ action }) => actions.includes(action)).length;

/** What is not brought along. */
export const left = (plan: ImportPlan) => count(plan, "conflict", "over_limit", "skipped");

export const planTable = ({ items }: ImportPlan, layout: Omit<Layout, "now">): string[] =>
  table<ImportItem>(
    [
      { title: "WHAT", cell: ({ kind }) => kind },
      { title: "NAME", cell: ({ name }) => name, paint: (on, text) => on.bold(text), least: 12 },
      { title: "ACTION", cell: ({ action }) => words[action], paint: toned },
      { title: "WHY", cell: ({ reason }) => reason ?? "", least: 20 },
    ],
    items,
    layout,
  );

/** The plan or its outcome in a sentence, and what would have room for the rest. */
export function summary(plan: ImportPlan): string[] {
  const { items, applied, needs, fits } = plan;
  if (items.length === 0) return ["The export is empty."];
  const over = count(plan, "over_limit");
  const parts = [
    `${count(plan, applied ? "created" : "create")} ${applied ? "created" : "to create"}`,
    `${count(plan, "exists")} here already`,
    `${left(plan)} left out`,
  ];
  const use = `${plural(needs.slots, "app slot")} and ${plural(needs.targets, "target")}`;
  return [
    `${parts.join(", ")}.`,
    ...(over === 0 ? [] : [`All of it needs ${use}: ${fits ? `the plan ${fits} has room` : "no plan has that much room"}.`]),
  ];
}

const plain = /^[A-Za-z0-9][A-Za-z0-9.:-]*$/;

/** Commands that bring the import to an end: let the keys in, trust the servers, deploy. `targets`: those of the account. */
export function nextSteps(plan: ImportPlan, targets: readonly Target[], imports: readonly Imported[]): string[] {
  const waiting = plan.items.flatMap((item) => {
    const target = item.publicKey === undefined ? undefined : targets.find(({ name }) => name === item.name);
    return target && item.kind === "target" ? [target] : [];
  });
  const here = new Set(targets.map(({ name }) => name));
  const deploys = plan.items
    .filter(({ kind, action }) => kind === "app" && (action === "created" || action === "exists"))
    .map(({ name }) => {
      const on = imports.find(({ app }) => app === name)?.targets.filter((target) => here.has(target)) ?? [];
      return ["berth deploy --app", name, ...on.map((target) => `--target ${target}`)].join(" ");
    });
  return [
    // What is pasted into a shell has no other characters in it.
    ...waiting.map((target) =>
      plain.test(target.host) ? installCommand(addressOf(target), publicKeyOf(target)) : `berth target show ${target.name}`,
    ),
    ...waiting.map(({ name }) => `berth target trust ${name}`),
    ...deploys,
    ...(count(plan, "over_limit") > 0 && plan.fits ? [`berth billing change ${plan.fits}`] : []),
  ];
}
