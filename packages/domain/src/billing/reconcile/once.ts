import type { World } from "../../context.ts";
import { type Payer, pays } from "../../entitlement/listed.ts";
import { getCatalogue } from "../stripe/catalogue.ts";
import { compareAccount, type Finding, unmappedPage } from "./account.ts";
import { accounts } from "./due.ts";
import { customersASecond, paced } from "./pace.ts";
import { settingsDrift } from "./settings.ts";

export interface Report {
  readonly accounts: number;
  readonly subscriptions: number;
  readonly findings: readonly Finding[];
  readonly settings: readonly string[];
  readonly remaining: number;
}

/** For an operator who waits; nightly.ts does the same in parts. Without `repair` nothing is written. */
export async function reconcile(world: World, { repair }: { repair: boolean }): Promise<Report> {
  const catalogue = await getCatalogue(world, { fresh: true });
  const findings: Finding[] = [];
  const customers = new Set<string>();
  let count = 0;
  const compare = async (account: Payer) => {
    count++;
    customers.add(account.customer);
    findings.push(...(await compareAccount(world, account, catalogue, repair)));
  };
  await paced(world, withCustomer(world), compare, { perSecond: customersASecond(world) });
  let subscriptions = 0;
  for (let after: string | undefined; ; ) {
    const page = await unmappedPage(world, after, customers);
    subscriptions += page.seen;
    findings.push(...page.findings);
    if (page.next === undefined) break;
    after = page.next;
  }
  const settings = await settingsDrift(world);
  const remaining = findings.filter((found) => repair && found.class === "drift" && !found.repaired).length;
  const report = { accounts: count, subscriptions, findings, settings, remaining };
  tell(world, { ...report, findings: findings.length, unmapped: findings.filter((each) => each.class === "unmapped").length });
  return report;
}

async function* withCustomer(world: World) {
  for await (const account of accounts(world, { due: false })) if (pays(account)) yield account;
}

export function tell(
  world: World,
  counts: {
    accounts: number;
    subscriptions: number;
    findings: number;
    unmapped: number;
    remaining: number;
    settings: readonly string[];
  },
): boolean {
  const bad = counts.remaining > 0 || counts.unmapped > 0 || counts.settings.length > 0;
  world.log(bad ? "error" : "info", "billing reconciled", { ...counts, settings: counts.settings.join("; ") });
  return bad;
}
