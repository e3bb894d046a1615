import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cards, type Payer } from "../billing/payer.ts";
import { openStripeStage, type StripeStage } from "../billing/stripe-stage.ts";
import { flat, useCli } from "./harness.ts";

let stage: StripeStage;
const cli = useCli(async () => {
  stage = await openStripeStage({ chaos: "calm" });
  return stage.test;
});
afterAll(() => stage.close());

interface Customer {
  readonly payer: Payer;
  readonly token: string;
}
const customer = async (plan?: "solo" | "pro"): Promise<Customer> => {
  const payer = await stage.signUp();
  if (plan) await payer.buy(plan);
  return { payer, token: await payer.token(["billing"]) };
};
const berth = async ({ token }: Pick<Customer, "token">, ...args: string[]) => {
  const run = await cli.berth(args, { token });
  await stage.settle();
  return run;
};

describe("who has no plan", () => {
  let ann: Customer;
  beforeAll(async () => {
    ann = await customer();
  });

  test("is told how to choose one", async () => {
    const { code, stdout } = await berth(ann, "billing", "plan");
    expect(code).toBe(0);
    expect(stdout).toMatch(/Plan +none\n/);
    expect(stdout).toContain("Choose one: berth billing change <plan>");
  });

  test("sees the price, and no page is made, with --preview", async () => {
    const { code, json } = await berth(ann, "billing", "change", "solo", "--preview", "--json");
    expect(code).toBe(0);
    expect(json).toMatchObject({ from: null, plan: "solo", kind: "checkout", status: "preview", due: 900, url: null });
    expect((await ann.payer.account()).checkout).toBeUndefined();
  });

  test("gets the page on which the plan is paid, and has it then", async () => {
    const { code, stdout } = await berth(ann, "billing", "change", "solo");
    expect(code).toBe(0);
    expect(stdout).toContain("solo costs $9 a month");
    const [, url = ""] = /Pay it here: (\S+)/.exec(stdout) ?? [];
    expect((await ann.payer.pay(url, cards.works)).status).toBe(303);
    await stage.settle();
    expect((await berth(ann, "billing", "plan")).stdout).toMatch(/Plan +solo, \$9 a month\nStanding +active/);
    expect((await berth(ann, "billing", "plan", "--json")).json).toMatchObject({ plan: "solo", pendingPlan: null, over: false });
  });
});

describe("a larger plan", () => {
  test("is shown with what is due now, which is not charged before somebody agrees", async () => {
    const ann = await customer("solo");
    const shown = await berth(ann, "billing", "change", "pro", "--preview");
    expect(shown.stdout).toMatch(/Plan +solo to pro\nPrice +\$19 a month\nWhen +now\nDue now +\$10\n/);
    const program = await berth(ann, "billing", "change", "pro", "--json");
    expect(program.code).toBe(1);
    expect(program.json).toMatchObject({
      code: "cli.confirm",
      detail: "Move from solo to pro and pay $10 now?",
      next: ["berth billing change pro --yes"],
    });
    expect(await ann.payer.account()).toMatchObject({ plan: "solo" });
  });

  test("is in force at once with --yes", async () => {
    const ann = await customer("solo");
    const { code, stdout } = await berth(ann, "billing", "change", "pro", "--yes");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "✓ Your plan is pro now; $10 was charged\n" });
    expect(await ann.payer.account()).toMatchObject({ plan: "pro" });
  });

  test("is agreed to at a terminal, or is not", async () => {
    const ann = await customer("solo");
    const asked = "pay $10 now?";
    const no = await cli.atTerminal(["billing", "change", "pro"], [[asked, "n"]], ann);
    expect(no.code, no.stdout).toBe(2);
    expect(await ann.payer.account()).toMatchObject({ plan: "solo" });
    const yes = await cli.atTerminal(["billing", "change", "pro"], [[asked, "y"]], ann);
    expect(yes.code, yes.stdout).toBe(0);
    expect(flat(yes.stdout)).toContain("✓ Your plan is pro now; $10 was charged");
  });

  test("that the bank asks about ends with 1 and the page to pay on, which a second change names too", async () => {
    const ann = await customer("solo");
    await ann.payer.useCard("pm_card_authenticationRequired");
    await stage.settle();
    const { code, stdout } = await berth(ann, "billing", "change", "pro", "--yes");
    expect(code, stdout).toBe(1);
    expect(stdout).toContain("! pro waits to be paid");
    const [, url = ""] = /Pay it here: (\S+)/.exec(stdout) ?? [];
    expect(url).toContain("/i/");
    const again = await berth(ann, "billing", "change", "studio", "--yes");
    expect(again.code).toBe(1);
    expect(again.stderr).toContain(`The page: ${url}`);
    expect(await ann.payer.account()).toMatchObject({ plan: "solo" });
  });
});

describe("a smaller plan", () => {
  test("comes at the end of what is paid, is shown as next, and is taken back by choosing the present one", async () => {
    const ann = await customer("pro");
    const planned = await berth(ann, "billing", "change", "solo", "--yes");
    expect(planned.code, planned.stdout).toBe(0);
    expect(planned.stdout).toMatch(/^✓ Your plan changes from pro to solo on 2027-04-01 12:00\n/);
    expect(planned.stdout).toContain("To take it back: berth billing change pro");
    expect((await berth(ann, "billing", "plan")).stdout).toMatch(/Next plan +solo, from 2027-04-01 12:00/);
    const kept = await berth(ann, "billing", "change", "pro", "--yes");
    expect(kept).toMatchObject({ code: 0, stdout: "✓ You stay on pro; the planned change is taken back\n" });
    expect((await berth(ann, "billing", "plan")).stdout).toMatch(/Renews +2027-04-01 12:00/);
  });

  test("warns of what it does not cover, before and after", async () => {
    const ann = await customer("pro");
    for (const name of ["s1", "s2", "s3"]) await ann.payer.target(name);
    const beyond = "! You use 1 server more than solo covers.";
    expect((await berth(ann, "billing", "change", "solo", "--preview")).stdout).toContain(beyond);
    expect((await berth(ann, "billing", "change", "solo", "--yes")).stdout).toContain(beyond);
  });
});

describe("a change that cannot be", () => {
  test("of a plan that there is not is a mistake that names the plans", async () => {
    const run = await cli.berth(["billing", "change", "huge", "--json"]);
    expect(run.json).toMatchObject({
      code: "cli.usage",
      detail: '"huge" is none of solo, pro, studio.',
      next: ["berth billing plans"],
    });
  });

  test("without a login ends with 4, without the scope and to the same plan with 1", async () => {
    const ann = await customer("pro");
    expect((await cli.berth(["billing", "change", "pro"])).code).toBe(4);
    const same = await berth(ann, "billing", "change", "pro", "--json");
    expect([same.code, same.json.code]).toEqual([1, "billing.same_plan"]);
    const reader = await berth({ token: await ann.payer.token(["read"]) }, "billing", "change", "studio", "--json");
    expect([reader.code, reader.json.code]).toEqual([1, "token.scope"]);
  });

  test("while Stripe is silent is told as such and charges nothing", async () => {
    const ann = await customer("solo");
    stage.outage.stripe = 100;
    const run = await berth(ann, "billing", "change", "pro", "--yes", "--json");
    stage.outage.stripe = 0;
    expect([run.code, run.json.code]).toEqual([1, "billing.unavailable"]);
    expect(await ann.payer.account()).toMatchObject({ plan: "solo" });
  });
});

test("invoices are listed with what was paid and their pages, a page at a time", async () => {
  const ann = await customer("solo");
  await berth(ann, "billing", "change", "pro", "--yes");
  const all = await berth(ann, "billing", "invoices");
  expect(all.code, all.stderr).toBe(0);
  expect(all.stdout).toMatch(/2027-03-01 12:00 +\S+ +\$10 +paid +2027-03-01 12:00/);
  expect(all.stdout).toMatch(/\$9 +paid/);
  expect(all.stdout.match(/^ {2}\S+ {2}http\S+$/gm)).toHaveLength(2);
  const one = await berth(ann, "billing", "invoices", "--limit", "1");
  expect(one.stdout).toMatch(/More: berth billing invoices --cursor 'in_\w+'/);
  expect((await berth(ann, "billing", "invoices", "--all", "--limit", "1", "--json")).json.items).toHaveLength(2);
});

test("has help with examples", async () => {
  const { code, stdout } = await cli.berth(["billing", "change", "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Usage: berth billing change <plan>/);
  expect(stdout).toContain("--preview");
  for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
});
