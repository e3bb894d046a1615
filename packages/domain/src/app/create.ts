import { audit } from "../audit/audit.ts";
import { allow, type Context } from "../context.ts";
import { entitled } from "../entitlement/account.ts";
import { Problem } from "../error.ts";
import { newId } from "../id.ts";
import { remember } from "../once.ts";
import { commit, insert, type Write } from "../table.ts";
import { type App, appKey } from "./app.ts";
import type { AppView } from "./status.ts";

/** Makes an app, and with it what `also` writes. It holds no slot and runs nothing until it is deployed. */
export async function createApp(
  ctx: Context,
  input: { name: string; template: "compose" },
  also: (app: Pick<App, "id">) => readonly Write[] = () => [],
): Promise<AppView> {
  allow(ctx, "deploy", { app: input.name });
  const seen = { id: newId(ctx, "app"), name: input.name, template: input.template, createdAt: ctx.now().toISOString() };
  const view: AppView = { ...seen, slot: false, environments: [] };
  await commit(
    ctx,
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
  return view;
}
