import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { entitled } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { remember } from "../once.ts";
import { list } from "../query.ts";
import { insert, key, tryCommit, type Write } from "../table.ts";
import { addWithinLimit } from "../turn.ts";
import { type App, appKey } from "./app.ts";
import type { AppView } from "./status.ts";

/** Apps that are not deployed hold no slot, so no plan limits them. */
export const APPS_MOST = 300;

/** Holds no slot until it is deployed. `also` joins the commit. @throws Problem app.exists, app.too_many, and what the bill forbids */
export async function createApp(
  ctx: Context,
  input: { name: string; template: "compose" },
  also: (app: Pick<App, "id">) => readonly Write[] = () => [],
): Promise<AppView> {
  allow(ctx, "deploy", { app: input.name });
  return addWithinLimit(ctx, "apps", (turn) => make(ctx, input, also, turn));
}

async function make(
  ctx: Context,
  input: { name: string; template: "compose" },
  also: (app: Pick<App, "id">) => readonly Write[],
  turn: Write,
): Promise<AppView | false> {
  const held = await list(ctx, { pk: key(ctx, "").pk, prefix: "APP#", limit: APPS_MOST, consistent: true });
  if (held.rows.length >= APPS_MOST) throw new Problem("app.too_many", { detail: `${APPS_MOST} is the most.` });
  const seen = { id: newId(ctx, "app"), name: input.name, template: input.template, createdAt: ctx.now().toISOString() };
  const view: AppView = { ...seen, slot: false, environments: [] };
  const made = await tryCommit(
    ctx,
    turn,
    remember(ctx, view),
    entitled(ctx, "grow"),
    insert(
      ctx,
      appKey(ctx, input.name),
      { ...seen, active: [], version: 1 } satisfies App,
      new Problem("app.exists", { detail: `"${input.name}" is taken.` }),
    ),
    ...also(seen),
    audit(ctx, "app.create", input.name),
  );
  return made && view;
}
