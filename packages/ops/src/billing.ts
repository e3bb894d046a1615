import { reconcile } from "@berth/domain/billing/reconcile/once.ts";
import { inspectBilling, resyncBilling } from "@berth/domain/billing/reconcile/operator.ts";
import { systemContext, type World } from "@berth/domain/context.ts";
import { columns } from "./print.ts";

/** An answer: the facts for programs, and how people see them. */
export interface Told {
  readonly facts: unknown;
  readonly text: string;
  readonly bad?: boolean;
}

/** What an operator asks about bills. Undefined for what is no question of that kind. */
export async function askBilling(
  world: World,
  [verb, tenant]: readonly (string | undefined)[],
  { repair }: { readonly repair: boolean },
): Promise<Told | undefined> {
  if (verb === "reconcile") {
    const report = await reconcile(world, { repair });
    const { accounts, subscriptions, findings, settings } = report;
    const head = `${accounts} accounts, ${subscriptions} subscriptions, ${findings.length} findings\n`;
    const wrong = settings.map((line) => `${line}\n`).join("");
    const bad = findings.some(({ repaired }) => !repaired) || settings.length > 0;
    return {
      facts: report,
      text: head + (findings.length > 0 ? columns(findings.map((each) => ({ ...each }))) : "") + wrong,
      bad,
    };
  }
  if (tenant === undefined) return undefined;
  const ctx = systemContext(world, tenant, "operator");
  if (verb === "show") {
    const shown = await inspectBilling(ctx);
    return { facts: shown, text: `${JSON.stringify(shown, null, 2)}\n`, bad: shown.drift.length > 0 };
  }
  if (verb !== "resync") return undefined;
  const outcome = await resyncBilling(ctx);
  return { facts: { outcome }, text: `${outcome}\n` };
}
