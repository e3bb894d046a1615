import { type BillingStanding, derive } from "@berth/domain/billing/standing/derive.ts";
import { dueNotice, lettersOf, noticeLetter } from "@berth/domain/billing/standing/notices.ts";
import { Problem } from "@berth/domain/error.ts";
import type { Mail } from "@berth/domain/mail/mail.ts";
import { handOver } from "@berth/domain/mail/outbox.ts";
import { templates, writeMail } from "@berth/domain/mail/write.ts";
import { owners } from "@berth/domain/tenant/tenant.ts";
import { afterAll, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";
import { catalogue, DAY, invoice, iso, MONTH, nobody, price, snapshot, subscription, T0 } from "./facts.ts";
import { refused } from "./refused.ts";

const berth = { origin: "https://berth.test", support: "support@berth.test" };

const bench = testWorld();
afterAll(() => bench.close());

const data = {
  code: "123456",
  minutes: 10,
  plan: "Pro",
  until: "2027-04-08",
  at: "2027-04-01",
  slots: 10,
  targets: 5,
  days: 7,
  before: 30,
  apps: 2,
  left: "Two days left",
  smaller: "Solo",
  ip: "192.0.2.7",
  client: "Firefox on Linux",
  name: "ci",
  scopes: "deploy",
  by: "ann@example.com",
  app: "shop",
  repository: "acme/shop",
  where: "refs/heads/main",
  id: "dpl_1",
};

test.each(Object.keys(templates) as Mail["template"][])(
  "the mail %s says the same as text and as HTML, and leads nowhere but home",
  (template) => {
    const { subject, text, html } = writeMail(berth, { to: "ann@example.com", template, data });
    expect(subject.length).toBeGreaterThan(5);
    expect(subject.length).toBeLessThan(78);
    for (const part of [subject, text, html]) expect(part).not.toMatch(/undefined|null|NaN|\[object/);
    for (const line of text.split("\n\n").slice(0, -2)) expect(html).toContain(line.replaceAll('"', "&quot;"));
    for (const [url] of `${text} ${html}`.matchAll(/https?:\/\/[^\s"<]+/g)) expect(url).toMatch(/^https:\/\/berth\.test\//);
  },
);

test("whoever has just paid is led to the receipt", () => {
  for (const template of ["welcome", "upgraded", "recovered"] as const) {
    const { text, html } = writeMail(berth, { to: "ann@example.com", template, data });
    expect(text).toContain("Receipt and billing: https://berth.test/billing");
    expect(html).toContain('<a href="https://berth.test/billing">Receipt and billing</a>');
  }
});

test("what is put into a mail cannot become markup", () => {
  const { html } = writeMail(berth, {
    to: "a@b.cc",
    template: "welcome",
    data: { plan: '<img src=x onerror="1">' },
  });
  expect(html).not.toContain("<img");
});

test("a mail whose message comes again is handed over once", async () => {
  const mail: Mail = { id: "m1", to: "ann@example.com", template: "restricted", data: {} };
  let sent = 0;
  for (let times = 0; times < 5; times++) await handOver(bench.world, mail, async () => ++sent);
  expect(sent).toBe(1);
});

test("of two workers with the same mail one hands it over and the other's message goes back", async () => {
  const mail: Mail = { id: "m2", to: "ann@example.com", template: "restricted", data: {} };
  let sent = 0;
  let finish = () => {};
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const first = handOver(bench.world, mail, () => slow.then(() => ++sent));
  await new Promise((resolve) => setImmediate(resolve));
  expect(await refused(handOver(bench.world, mail, async () => ++sent))).toMatchObject({ code: "idempotency.busy" });
  finish();
  await first;
  await handOver(bench.world, mail, async () => ++sent);
  expect(sent).toBe(1);
});

test("a mail whose worker died is handed over by the next one, a minute later", async () => {
  const mail: Mail = { id: "m3", to: "ann@example.com", template: "restricted", data: {} };
  await expect(handOver(bench.world, mail, () => Promise.reject(new Error("killed")))).rejects.toThrow("killed");
  await expect(handOver(bench.world, mail, async () => undefined)).rejects.toBeInstanceOf(Problem);
  await bench.clock.advance(61);
  let sent = 0;
  await handOver(bench.world, mail, async () => ++sent);
  expect(sent).toBe(1);
});

test("a sign-in code, which is no change of ours, is handed over each time it is asked for", async () => {
  let sent = 0;
  const mail: Mail = { to: "ann@example.com", template: "code", data };
  await handOver(bench.world, mail, async () => ++sent);
  await handOver(bench.world, mail, async () => ++sent);
  expect(sent).toBe(2);
});

test("owners are told of the bill, and nobody else", async () => {
  const tenant = await testTenant(bench, { email: "boss@example.com" });
  const { putOne, key } = await import("@berth/domain/table.ts");
  const member = (name: string, role: string) =>
    putOne(tenant.ctx, key(tenant.ctx, `MEMBER#${name}`), { id: name, email: `${name}@example.com`, tenant: tenant.id, role });
  await member("mia", "member");
  await member("olga", "owner");
  expect((await owners(tenant.ctx)).toSorted()).toEqual(["boss@example.com", "olga@example.com"]);
});

const of = (...args: Parameters<typeof snapshot>) => derive(snapshot(...args), catalogue, nobody);
const good = of([subscription()]);
const pro = of([subscription({ price: price("pro") })]);
const late = of([
  subscription({ status: "past_due", invoices: [invoice(), invoice({ status: "open", createdAt: T0 + MONTH })] }),
]);
const paused = of([subscription({ status: "paused" })]);
const ended = of([subscription({ status: "canceled", endedAt: T0 })]);
const named = (before: BillingStanding, after: BillingStanding) => lettersOf(before, after).map(({ template }) => template);

test("each change of standing is told once and in its own words; what changes nothing for the customer is not told", () => {
  expect(named(nobody, good)).toEqual(["welcome"]);
  expect(named(ended, good)).toEqual(["welcome"]);
  expect(named(good, good)).toEqual([]);
  expect(named(good, { ...good, periodEnd: iso(T0 + 2 * MONTH) })).toEqual([]);
  expect(named(good, { ...good, anomalies: ["several_items"] })).toEqual([]);
  expect(named(good, pro)).toEqual(["upgraded"]);
  expect(named(pro, good)).toEqual(["downgraded"]);
  expect(named(pro, { ...pro, pendingPlan: "solo" })).toEqual(["downgrade-planned"]);
  expect(named({ ...pro, pendingPlan: "solo" }, pro)).toEqual(["downgrade-dropped"]);
  expect(named({ ...pro, pendingPlan: "solo" }, good)).toEqual(["downgraded"]);
  expect(named({ ...pro, pendingPlan: "solo" }, { ...pro, cancelAt: iso(T0 + MONTH) })).toEqual(["canceled"]);
  expect(named(late, good)).toEqual(["recovered"]);
  expect(named(late, { ...good, anomalies: ["uncollectible"] })).toEqual(["resumed"]);
  expect(named(good, paused)).toEqual(["paused"]);
  expect(named(paused, paused)).toEqual([]);
  expect(named(paused, good)).toEqual(["resumed"]);
  expect(named(good, { ...good, cancelAt: iso(T0 + MONTH) })).toEqual(["canceled"]);
  expect(named(good, ended)).toEqual(["ended"]);
  expect(named(nobody, ended)).toEqual([]);
});

test("of the notices of an unpaid bill only the furthest is due, and each once for one bill", () => {
  const at = (days: number, noticed?: Parameters<typeof dueNotice>[1]) =>
    dueNotice(late, noticed, new Date((T0 + MONTH + days * DAY) * 1000))?.step;
  const anchor = late.anchor ?? "";
  expect([at(0), at(4.9), at(5), at(6.9), at(7), at(300)]).toEqual([
    "grace",
    "grace",
    "ending",
    "ending",
    "restricted",
    "restricted",
  ]);
  expect(at(3, { anchor, step: "grace" })).toBeUndefined();
  expect(at(6, { anchor, step: "grace" })).toBe("ending");
  expect(at(8, { anchor, step: "restricted" })).toBeUndefined();
  expect(at(3, { anchor: "another", step: "restricted" })).toBe("grace");
  expect(dueNotice(good, undefined, new Date(T0 * 1000))).toBeUndefined();
});

test("a notice says to the minute until when, and how much is left in truth", () => {
  const until = Date.parse(late.graceUntil ?? "");
  const written = (step: "grace" | "ending", hours: number, reason = late.reason) => {
    const letter = noticeLetter({ anchor: "", step }, { ...late, reason }, new Date(until - hours * 3_600_000));
    return writeMail(berth, { to: "ann@example.com", ...letter });
  };
  const minute = `${late.graceUntil?.slice(0, 10)} ${late.graceUntil?.slice(11, 16)} UTC`;
  expect(written("grace", 168).subject).toBe(`A payment failed; please fix it by ${minute}`);
  expect(written("ending", 48).subject).toBe(`Two days left to fix your payment (${minute})`);
  expect(written("ending", 25).subject).toBe(`One day left to fix your payment (${minute})`);
  expect(written("ending", 3).subject).toBe(`Hours left to fix your payment (${minute})`);
  expect(written("grace", 168, "authentication_required").subject).toBe(`Your bank asks you to confirm a payment by ${minute}`);
});
