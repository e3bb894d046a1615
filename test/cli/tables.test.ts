import type { Billing, Job, PricingPlan } from "@berth/api-client/types.ts";
import { describe, expect, test } from "vitest";
import { closedLines } from "../../packages/cli/src/account/delete.ts";
import { addonLines, addonTable } from "../../packages/cli/src/addon/view.ts";
import { appTable, statusLines } from "../../packages/cli/src/app/view.ts";
import { auditTable } from "../../packages/cli/src/audit/list.ts";
import { invoiceLines } from "../../packages/cli/src/billing/invoices.ts";
import { planLines } from "../../packages/cli/src/billing/plan.ts";
import { planTable } from "../../packages/cli/src/billing/plans.ts";
import { billingLines } from "../../packages/cli/src/billing/show.ts";
import { usageLines } from "../../packages/cli/src/billing/usage.ts";
import { changeLines, doneLines } from "../../packages/cli/src/billing/view.ts";
import { deployerTable } from "../../packages/cli/src/deployer/list.ts";
import { deploymentPlanLines } from "../../packages/cli/src/deployment/plan-view.ts";
import { failure, success } from "../../packages/cli/src/job/outcome.ts";
import { jobLines, jobTable } from "../../packages/cli/src/job/view.ts";
import { explain } from "../../packages/cli/src/refusal.ts";
import { registryTable } from "../../packages/cli/src/registry/view.ts";
import { releaseTable } from "../../packages/cli/src/release/list.ts";
import { checkedLines, checkTable, targetLines, targetTable } from "../../packages/cli/src/target/view.ts";
import { coloured, type Paint, plain } from "../../packages/cli/src/terminal/paint.ts";
import { widthOf } from "../../packages/cli/src/terminal/text.ts";
import { tokenTable } from "../../packages/cli/src/token/list.ts";
import { historyTable, variableTable } from "../../packages/cli/src/variable/view.ts";
import {
  addons,
  bill,
  change,
  deployers,
  invoices,
  lines,
  page,
  plans,
  registries,
  secretHistory,
  secrets,
  smaller,
  tokens,
  usage,
} from "./sample-account.ts";
import { apps, at, jobs, now, releases, rollout, status, targets, why } from "./sample-apps.ts";
import { deploymentPlan, idlePlan } from "./sample-plan.ts";

interface Look {
  readonly width: number;
  readonly paint: Paint;
  readonly now: Date;
}
const views: Record<string, (look: Look) => string[]> = {
  targets: (look) => targetTable(targets, look),
  target: (look) => targets.flatMap((each) => [...targetLines(each, look), ""]),
  "checked-all": (look) => checkTable(targets, look),
  checked: (look) => targets.flatMap((each) => checkedLines(each, look)),
  addons: (look) => [...addonTable(addons, look), "", ...addons.flatMap((each) => [...addonLines(each, look), ""])],
  registries: (look) => registryTable(registries, look),
  secrets: (look) => [...variableTable(secrets, look), "", ...historyTable(secretHistory, look)],
  deploymentPlan: (look) => [...deploymentPlanLines(deploymentPlan, look), "", ...deploymentPlanLines(idlePlan, look)],
  apps: (look) => appTable(apps, look),
  status: (look) => statusLines(status, look),
  jobs: (look) => jobTable(jobs, look),
  job: (look) => jobs.flatMap((each) => [...jobLines(each, look), ""]),
  releases: (look) => releaseTable(releases, look),
  tokens: (look) => tokenTable(tokens, look),
  deployers: (look) => deployerTable(deployers, look),
  audit: (look) => auditTable(lines, look),
  plans: (look) => planTable(plans, "pro", look),
  usage: (look) => usageLines(usage, look),
  billing: (look) => billingLines(bill, look),
  plan: (look) => [
    ...planLines({ usage, billing: { ...bill, hold: false }, plan: plans[1] }, look),
    "",
    ...planLines(
      { usage, billing: { ...bill, pendingPlan: null, cancelAt: at(-60 * 24 * 3), over: true }, plan: plans[1] },
      look,
    ),
  ],
  "plan-change": (look) => [
    ...changeLines(change, plans[1] as PricingPlan, look),
    ...doneLines({ ...change, status: "done" }, look),
    ...doneLines({ ...change, status: "payment_needed", url: page }, look),
    "",
    ...changeLines(smaller, plans[0] as PricingPlan, look),
    ...doneLines({ ...smaller, status: "planned" }, look),
    "",
    ...changeLines({ ...change, from: "pro", kind: "keep", due: 0 }, plans[1] as PricingPlan, look),
    ...doneLines({ ...change, from: "pro", kind: "keep", due: 0, status: "done" }, look),
  ],
  invoices: (look) => invoiceLines(invoices, look),
  outcomes: (look) => [
    ...failure(jobs[0] as Job, look, { tgt_web1: 11 }),
    "",
    ...failure(
      {
        ...(jobs[0] as Job),
        rollouts: Object.fromEntries(
          ["web1", "web2", "web3"].map((name) => [name, rollout(name, { status: "failed", failure: why })]),
        ),
      } as unknown as Job,
      look,
      { tgt_web1: 11, tgt_web2: 11, tgt_web3: 10 },
    ),
    "",
    ...success(
      {
        ...(jobs[2] as Job),
        kind: "deployment",
        release: 3,
        rollouts: { a: rollout("web1", { downMs: 812 }) },
      } as unknown as Job,
      look.paint,
    ),
  ],
  closed: (look) => [...closedLines("closed", look), "", ...closedLines("closing", look)],
  "closing-refused": (look) =>
    explain(
      {
        code: "account.apps_running",
        title: "Apps are deployed on your servers",
        detail: "Deployed: shop (production) on web1, web2; blog (staging) on web1.",
        hint: "Remove them first, or leave them running: they stay on your servers, and Berth can no longer reach them.",
        next: ["berth app remove shop", "berth account delete --leave-apps"],
      },
      { errWidth: look.width, errPaint: look.paint },
    ),
  refusal: (look) =>
    explain(
      {
        code: "billing.grace",
        title: "A payment failed, so changes are paused",
        detail: "A payment failed. Your apps keep running, and status, logs and rollback work until then; changes are paused.",
        hint: "Fix the payment. Everything works again as soon as it is paid.",
        until: at(-60 * 72),
        fix_url: "https://berth.test/billing",
        next: ["berth usage", "berth rollback"],
      },
      { errWidth: look.width, errPaint: look.paint },
    ),
};

describe.each(Object.entries(views))("%s", (name, view) => {
  test.each([40, 80, 120])("fits %d columns and looks as it did", async (width) => {
    process.env.TZ = "UTC";
    const text = view({ width, paint: plain, now });
    // A word that is longer than the line (an id, an address to open) is never cut.
    for (const line of text)
      if (widthOf(line) > width) expect(Math.max(...line.trim().split(" ").map(widthOf)), line).toBeGreaterThan(width - 22);
    await expect(`${text.join("\n")}\n`).toMatchFileSnapshot(`golden/${name}-${width}.txt`);
  });

  test("in colour is the same text", async () => {
    const text = view({ width: 80, paint: coloured, now });
    expect(text.join("\n").replaceAll(/\x1b\[\d+m/g, "")).toBe(view({ width: 80, paint: plain, now }).join("\n"));
    await expect(`${text.join("\n")}\n`).toMatchFileSnapshot(`golden/${name}-80-colour.txt`);
  });
});

test("a month is called paid only where it is", () => {
  const shown = (more: Partial<Billing>) =>
    billingLines({ ...bill, because: null, hold: false, cancelAt: null, ...more }, { width: 80, paint: plain, now }).some(
      (line) => line.startsWith("Paid until"),
    );
  expect(shown({ entitlement: "active" })).toBe(true);
  for (const entitlement of ["grace", "restricted", "none"] as const) expect(shown({ entitlement }), entitlement).toBe(false);
  expect(shown({ entitlement: "active", hold: true })).toBe(false);
  expect(shown({ entitlement: "active", cancelAt: at(-60) })).toBe(false);
});

test.each([
  ["Last job  rollback to release 11 succeeded", {}],
  ["Last job  start of release 11 succeeded", { again: true }],
  ["Last job  removal failed", { kind: "app.remove", status: "failed", release: undefined, rollback: undefined }],
])("the last job of an app is told as what it did: %s", (words, more) => {
  const [environment] = status.environments;
  const back = { ...jobs[2], id: "job_back", kind: "deployment", release: 11, rollback: true, ...more };
  const shown = { ...status, environments: [{ ...environment, job: "job_back" }], jobs: [back] } as unknown as typeof status;
  const text = statusLines(shown, { width: 120, paint: plain, now: new Date(at(0)) }).join("\n");
  expect(text).toContain(words);
});
