import { App, appKey } from "../app/app.ts";
import { allow, type Context } from "../context.ts";
import { type Account, getAccount } from "../entitlement/account.ts";
import { pricingPlans } from "../pricing/plans.ts";
import { getAll, listAll } from "../query.ts";
import { key } from "../table.ts";
import type { judging, Refused } from "../target/address.ts";
import { StoredTarget } from "../target/target.ts";
import { digest, type SelfHosted } from "./export.ts";
import { importedKey, StoredImport } from "./imported.ts";
import { type ImportItem, type ImportPlan, idOf } from "./item.ts";
import { type Former, planNotes } from "./note.ts";
import type { ReadExport } from "./read.ts";

interface Present {
  readonly account: Account;
  readonly targets: readonly StoredTarget[];
  readonly former: ReadonlyMap<string, Former>;
}

async function readPresent(ctx: Context, document: SelfHosted): Promise<Present> {
  const names = document.apps.map(({ name }) => name);
  const [account, rows, apps, notes] = await Promise.all([
    getAccount(ctx),
    listAll(ctx, { pk: key(ctx, "").pk, prefix: "TARGET#", consistent: true }),
    getAll(
      ctx,
      names.map((name) => appKey(ctx, name)),
    ),
    getAll(
      ctx,
      names.map((name) => importedKey(ctx, name)),
    ),
  ]);
  const former = names.map((name, i): [string, Former] => {
    const app = apps[i] && App.parse(apps[i]);
    const kept = notes[i] && StoredImport.parse(notes[i]);
    return [name, { app, notes: kept && kept.appId === app?.id ? kept : undefined }];
  });
  return { account, targets: rows.map((row) => StoredTarget.parse(row)), former: new Map(former) };
}

const none: Refused = new Map();

export async function planImport(
  ctx: Context,
  { document, complaints }: ReadExport,
  judge: ReturnType<typeof judging>,
): Promise<ImportPlan> {
  allow(ctx, "admin");
  const present = await readPresent(ctx, document);
  const { targets: used, targetLimit } = present.account;
  const fresh = document.targets.filter((each) => planTarget(each, present, none).action === "create");
  const refused = await judge(
    fresh.map(({ host }) => host),
    { names: targetLimit > 0 }, // else there is room for none of them
  );
  const targets = fit(
    document.targets.map((each) => planTarget(each, present, refused)),
    { used, limit: targetLimit, what: "targets" },
  );
  const here = new Set(targets.filter(({ action }) => action === "create" || action === "exists").map(({ name }) => name));
  const idle = document.apps.filter(({ name }) => {
    const found = present.former.get(name);
    return found?.notes !== undefined && found.app?.active.length === 0;
  });
  const apps = fit(
    document.apps.map((each) => planApp(each, present.former.get(each.name), here, complaints.get(each.name))),
    // Apps imported earlier will need their slots too.
    { used: present.account.slots + idle.length, limit: present.account.slotLimit, what: "slots" },
  );
  const items = [...targets, ...apps, ...planNotes(document, apps, present.former)];
  const wanted = (list: readonly ImportItem[]) =>
    list.filter(({ action }) => action === "create" || action === "over_limit").length;
  const needs = {
    slots: present.account.slots + idle.length + wanted(apps),
    targets: present.account.targets + wanted(targets),
  };
  return {
    plan: digest([ctx.tenant, document, items.map((item) => [idOf(item), item.action, item.limit ?? null])]),
    applied: false,
    items,
    needs,
    fits: pricingPlans.find((plan) => plan.slots >= needs.slots && plan.targets >= needs.targets)?.name ?? null,
  };
}

interface Room {
  readonly used: number;
  readonly limit: number;
  readonly what: "targets" | "slots";
}

function fit(items: readonly ImportItem[], { used, limit, what }: Room): ImportItem[] {
  let taken = used;
  return items.map((item) => {
    if (item.action !== "create") return item;
    taken += 1;
    if (taken <= limit) return item;
    const reason =
      limit === 0
        ? "There is no plan yet."
        : `The plan has ${limit} ${what === "slots" ? "app slots" : "targets"}, and this is one more.`;
    return { ...item, action: "over_limit", limit: what, reason };
  });
}

function planTarget(wanted: SelfHosted["targets"][number], { targets }: Present, refused: Refused): ImportItem {
  const item = { kind: "target" as const, name: wanted.name };
  const same = (one: StoredTarget) =>
    one.host.toLowerCase() === wanted.host.toLowerCase() && one.port === wanted.port && one.user === wanted.user;
  const named = targets.find(({ name }) => name === wanted.name);
  if (named && same(named))
    return { ...item, action: "exists", ...(named.status === "untrusted" && { publicKey: named.publicKey }) };
  if (named)
    return { ...item, action: "conflict", reason: `A target of this name is ${named.user}@${named.host}:${named.port} here.` };
  const other = targets.find(same);
  if (other) return { ...item, action: "conflict", reason: `This server is the target "${other.name}" here.` };
  const reason = refused.get(wanted.host);
  return reason === undefined ? { ...item, action: "create" } : { ...item, action: "skipped", reason };
}

function planApp(
  wanted: SelfHosted["apps"][number],
  former: Former | undefined,
  here: ReadonlySet<string>,
  complaint: string | undefined,
): ImportItem {
  const item = { kind: "app" as const, name: wanted.name };
  if (former?.app && !former.notes)
    return { ...item, action: "conflict", reason: "An app of this name was made here, not by an import. It is left as it is." };
  if (former?.notes && former.notes.digest !== digest(wanted))
    return {
      ...item,
      action: "conflict",
      reason: "It was imported from an export that says otherwise. It is left as it is.",
    };
  const action = former?.app ? "exists" : "create";
  if (former?.app && former.app.active.length > 0) return { ...item, action };
  const away = wanted.targets.filter((name) => !here.has(name));
  const remarks = [
    ...(away.length > 0 ? [`Not here: ${away.join(", ")}.`] : []),
    ...(complaint === undefined ? [] : [complaint]),
  ];
  return { ...item, action, ...(remarks.length > 0 && { reason: remarks.join(" ") }) };
}
