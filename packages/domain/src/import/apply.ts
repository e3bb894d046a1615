import * as z from "zod";
import { appKey } from "../app/app.ts";
import { createApp } from "../app/create.ts";
import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { assertPermitted, entitled, getAccount } from "../entitlement/account.ts";
import { type Code, Problem } from "../error.ts";
import { remember } from "../once.ts";
import { get } from "../query.ts";
import { RemoteError } from "../remote/remote.ts";
import { check, commit, key, overtaken, put, replace, ttlIn } from "../table.ts";
import { addTarget } from "../target/add.ts";
import { judging } from "../target/address.ts";
import { digest, type Export, type SelfHosted } from "./export.ts";
import { planImport } from "./import-plan.ts";
import { importedKey, StoredImport } from "./imported.ts";
import { type ImportItem, type ImportPlan, idOf } from "./item.ts";
import { freshReleases, freshWebhooks, webhookName } from "./note.ts";
import { type ReadExport, readExport } from "./read.ts";

/** What a person agreed to. Kept for a day, so that an interrupted import resumes with the same plan. */
const Agreed = z.object({ document: z.string(), create: z.array(z.string()) });
const AGREED_SECONDS = 86_400;

const agreedKey = (ctx: Context, plan: string) => key(ctx, `IMPORT#${plan}`);

/** Plans an import, or applies the agreed plan with the ordinary verbs; deploys nothing. Applying is idempotent. */
export async function importSelfHosted(
  ctx: Context,
  input: { document: z.output<typeof Export>; apply: boolean; plan?: string | undefined },
): Promise<ImportPlan> {
  allow(ctx, "admin");
  if (input.apply) assertPermitted(ctx, await getAccount(ctx), "grow");
  const read = readExport(input.document);
  const judge = judging(ctx);
  if (!input.apply) return planImport(ctx, read, judge);
  const plan = input.plan ?? "";
  const create = await agreed(ctx, read, plan, judge);
  // The idempotency key belongs to the whole import, not to each verb.
  const made = await makeAll({ ...ctx, once: undefined }, read.document, create);
  const after = await planImport(ctx, read, judge);
  const items = after.items.map(
    (item): ImportItem => (item.action === "exists" && made.has(idOf(item)) ? { ...item, action: "created" } : item),
  );
  const answer: ImportPlan = { ...after, items, plan, applied: true };
  if (ctx.once) await commit(ctx, remember(ctx, answer));
  return answer;
}

/** The ids to create: of a plan that was started, or of the current one. @throws Problem import.plan_changed */
async function agreed(
  ctx: Context,
  read: ReadExport,
  plan: string,
  judge: ReturnType<typeof judging>,
): Promise<ReadonlySet<string>> {
  const { document } = read;
  const found = plan === "" ? undefined : await get(ctx, agreedKey(ctx, plan));
  const begun = found && Agreed.parse(found);
  if (begun?.document === digest(document)) return new Set(begun.create);
  const present = await planImport(ctx, read, judge);
  if (present.plan !== plan) throw new Problem("import.plan_changed", { facts: { plan: present.plan } });
  const create = present.items.filter(({ action }) => action === "create").map(idOf);
  await commit(
    ctx,
    entitled(ctx, "grow"),
    put(ctx, agreedKey(ctx, plan), {
      document: digest(document),
      create,
      ttl: ttlIn(ctx, AGREED_SECONDS),
    }),
    audit(ctx, "import.apply", plan, { detail: `${create.length} to make` }),
  );
  return new Set(create);
}

async function makeAll(ctx: Context, document: SelfHosted, create: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const made = new Set<string>();
  for (const target of document.targets) {
    const id = idOf({ kind: "target", name: target.name });
    if (create.has(id) && (await attempt(() => addTarget(ctx, target)))) made.add(id);
  }
  for (const app of document.apps)
    await attempt(async () => {
      for (const id of await importApp(ctx, document, app, create)) made.add(id);
    });
  return made;
}

/** The plan computed afterwards reports these itself. */
const reported = new Set<Code>(["target.exists", "app.exists", "billing.targets_full", "version.stale"]);

async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof Problem && reported.has(error.code)) return false;
    if (error instanceof RemoteError && error.class.startsWith("address.")) return false;
    throw error;
  }
}

async function importApp(
  ctx: Context,
  document: SelfHosted,
  wanted: SelfHosted["apps"][number],
  create: ReadonlySet<string>,
): Promise<string[]> {
  const found = await get(ctx, importedKey(ctx, wanted.name));
  const kept = found && StoredImport.parse(found);
  const ids = (notes: StoredImport | undefined) => {
    const history = idOf({ kind: "history", name: wanted.name });
    const releases = create.has(history) ? freshReleases(document, wanted.name, notes) : [];
    const webhooks = freshWebhooks(document, wanted.name, notes)
      .map((each) => ({ each, id: idOf({ kind: "webhook", name: webhookName({ ...each, app: wanted.name }) }) }))
      .filter(({ id }) => create.has(id));
    return {
      releases,
      webhooks: webhooks.map(({ each }) => each),
      made: [...(releases.length > 0 ? [history] : []), ...webhooks.map(({ id }) => id)],
    };
  };
  const appItem = idOf({ kind: "app", name: wanted.name });
  if (create.has(appItem)) {
    const fresh = ids(undefined);
    const { name: app, ...rest } = wanted;
    const notes = { app, ...rest, releases: fresh.releases, webhooks: fresh.webhooks, importedAt: ctx.now().toISOString() };
    const done = await attempt(() =>
      createApp(ctx, { name: app, template: "compose" }, ({ id }) => [
        put(ctx, importedKey(ctx, app), { ...notes, appId: id, digest: digest(wanted), version: 1 } satisfies StoredImport),
      ]),
    );
    return done ? [appItem, ...fresh.made] : [];
  }
  const fresh = ids(kept);
  if (!kept || fresh.made.length === 0) return [];
  const notes: StoredImport = {
    ...kept,
    releases: [...kept.releases, ...fresh.releases],
    webhooks: [...kept.webhooks, ...fresh.webhooks],
    version: kept.version + 1,
  };
  await commit(
    ctx,
    entitled(ctx, "grow"),
    check(ctx, appKey(ctx, wanted.name), { condition: "id = :id", values: { ":id": kept.appId } }, overtaken),
    replace(ctx, importedKey(ctx, wanted.name), notes, kept.version),
    audit(ctx, "import.note", wanted.name, { detail: `${fresh.releases.length} releases, ${fresh.webhooks.length} webhooks` }),
  );
  return fresh.made;
}
