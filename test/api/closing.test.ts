import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { changePlan } from "@berth/domain/billing/change.ts";
import { syncCustomer } from "@berth/domain/billing/sync.ts";
import { closeDue, finishClosing } from "@berth/domain/closing/closing.ts";
import { accountKey } from "@berth/domain/entitlement/account.ts";
import { eraseAll } from "@berth/domain/erase.ts";
import { key, store } from "@berth/domain/table.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Payer } from "../billing/payer.ts";
import { DAY, openStripeStage, type StripeStage } from "../billing/stripe-stage.ts";
import { type TestApi, testApi } from "../support/api.ts";
import { COMPOSE } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { overtaken } from "./overtaken.ts";
import { prove } from "./proved.ts";

let stage: StripeStage;
let api: TestApi;
beforeAll(async () => {
  stage = await openStripeStage();
  api = testApi(stage.test);
});
afterAll(() => stage.close());

const close = (session: string, query = "") => api.call("DELETE", `/v1/account${query}`, { session });
const closeBy = (token: string, query = "") => api.call("DELETE", `/v1/account${query}`, { token });
const soon = () => new Date(stage.test.world.now().getTime() + 60_000);
const due = () => closeDue(stage.test.world, soon());

interface Owner extends Payer {
  readonly session: string;
  readonly email: string;
}

/** Somebody who pays for a plan and is signed in. */
async function owner(plan: "solo" | "pro" | null = "pro"): Promise<Owner> {
  const payer = await stage.signUp();
  if (plan) await payer.buy(plan);
  const { email } = payer.user;
  return { ...payer, email, session: await api.signIn(email) };
}

async function deployed(): Promise<Owner> {
  const ann = await owner();
  await ann.target();
  await ann.app();
  await ann.work(await ann.deploy("shop", { targets: ["web1"] }));
  return ann;
}

/** Everything of a tenant that is left, by what its rows are called, and where its address or its servers are still named. */
function left(tenant: Owner): { rows: string[]; named: boolean } {
  const rows = JSON.parse(stage.test.dump()).Items as Record<string, { S?: string }>[];
  const of = rows.filter((row) => !row.pk?.S?.startsWith("RATE#") && JSON.stringify(row).includes(tenant.id));
  const named = rows.filter(({ pk }) => !pk?.S?.startsWith("RATE#"));
  return { rows: of.map(({ pk }) => pk?.S?.split("#")[0] ?? "").toSorted(), named: JSON.stringify(named).includes(tenant.email) };
}

const livingAt = async (customer: string) =>
  (await stage.stripe.subscriptions.list({ customer, status: "all" })).data.filter(({ status }) => status !== "canceled");

covers("closeAccount", "200", "the subscription ends first, then nothing is left that names anybody", async () => {
  const ann = await owner();
  const token = await ann.token();
  const customer = await ann.customer();
  const { id } = await ann.subscription();
  const invoices = (await stage.stripe.invoices.list({ customer })).data.length;
  const writes: string[] = [];
  const stripe = await stage.test.world.stripe();
  const { client } = stage.test.world.table;
  const send = client.send.bind(client);
  const cancel = stripe.subscriptions.cancel.bind(stripe.subscriptions);
  stripe.subscriptions.cancel = ((...given: Parameters<typeof cancel>) => {
    writes.push("cancel");
    return cancel(...given);
  }) as typeof cancel;
  client.send = ((...given: Parameters<typeof send>) => {
    const [command] = given;
    if (command instanceof TransactWriteCommand && command.input.TransactItems?.some(({ Delete }) => Delete))
      writes.push("erase");
    return send(...given);
  }) as typeof send; // of its overloads only the one without a callback is ever called
  const answer = await close(ann.session);
  client.send = send;
  stripe.subscriptions.cancel = cancel;

  expect([answer.status, answer.body]).toEqual([200, { status: "closed" }]);
  expect(answer.headers.get("set-cookie")).toMatch(/berth=;/);
  expect(writes[0]).toBe("cancel");
  expect(writes).toContain("erase");
  expect((await stage.stripe.subscriptions.retrieve(id)).status).toBe("canceled");
  expect((await stage.stripe.customers.retrieve(customer)).deleted).toBe(true);
  expect((await stage.stripe.invoices.list({ customer })).data).toHaveLength(invoices);
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
  for (const credential of [{ session: ann.session }, { token }])
    expect((await api.call("GET", "/v1/me", credential)).status).toBe(401);
  expect(ann.mails().at(-1)).toBe("closed");
});

test("what Stripe still says of a closed account changes nothing, also an event that comes again", async () => {
  const ann = await owner();
  const customer = await ann.customer();
  const events = stage.eventsOf(customer);
  await close(ann.session);
  await stage.settle();
  await stage.deliver([...events, ...stage.eventsOf(customer)]);
  expect(stage.deadLetters).toEqual([]);
  expect(left(ann).rows).toEqual(["CLOSED", "CUS"]);
});

test("nobody is billed again, whatever was open: a page to pay, a planned change, an unpaid bill", async () => {
  const page = await owner(null);
  const url = await page.checkout("pro");
  await close(page.session);
  expect((await page.pay(url)).status).not.toBe(303);

  const planned = await owner();
  await changePlan(planned.ctx, { plan: "solo" });
  const late = await owner();
  stage.control.failCards(await late.customer(), "generic_decline");
  const customers = [await planned.customer(), await late.customer()];
  await stage.advance(31 * DAY + 7200);
  for (const each of [planned, late]) expect((await close(await api.signIn(each.email))).body).toEqual({ status: "closed" });
  for (const customer of customers) expect(await livingAt(customer)).toEqual([]);
  const charges = async () =>
    (await Promise.all(customers.map((customer) => stage.stripe.charges.list({ customer })))).map(({ data }) => data.length);
  const before = await charges();
  await stage.advance(40 * DAY);
  expect(await charges()).toEqual(before);
});

covers(
  "closeAccount",
  "account.apps_running",
  "what is on servers is named, and nothing is done until it is removed or left on purpose",
  async () => {
    const ann = await deployed();
    const answer = await close(ann.session);
    expect(answer.body).toMatchObject({
      status: 409,
      code: "account.apps_running",
      apps: "shop (production) on web1",
      next: ["berth app remove shop", "berth account delete --leave-apps"],
    });
    expect(await ann.state()).toBe("active");
    expect((await ann.subscription()).status).toBe("active");
    await ann.entitle("restricted");
    expect((await close(ann.session)).body.next, "removing would be refused").toEqual(["berth account delete --leave-apps"]);
    expect((await close(ann.session, "?apps=leave")).body).toEqual({ status: "closed" });
    expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
  },
);

covers("closeAccount", "account.busy", "not while something is done on a server, even if apps are to be left", async () => {
  const ann = await deployed();
  const job = await ann.deploy("shop");
  expect((await close(ann.session, "?apps=leave")).body).toMatchObject({ status: 409, code: "account.busy", job: job.id });
  await ann.work(job);
  expect((await close(ann.session, "?apps=leave")).status).toBe(200);
});

covers("closeAccount", "version.stale", "a deploy that is accepted at the same moment is not left alone", async () => {
  const ann = await owner();
  const { body } = await overtaken(stage.test, ann, () => close(ann.session));
  expect(body).toMatchObject({ status: 409, code: "version.stale" });
  expect((await ann.subscription()).status).toBe("active");
});

covers("closeAccount", "auth.proof", "a session of yesterday and a token need a code from the mail first", async () => {
  const ann = await owner();
  const token = await ann.token();
  await stage.advance(DAY);
  for (const answer of [await close(ann.session), await closeBy(token)])
    expect(answer.body).toMatchObject({ status: 403, code: "auth.proof", next: ["berth prove"] });
  await prove(api, ann.email, { token });
  expect((await closeBy(token)).body).toEqual({ status: "closed" });
});

test("only an owner closes: neither a member nor a token with only one of an owner's scopes", async () => {
  const ann = await owner();
  for (const scopes of [["admin"], ["billing"], ["deploy"]] as const) {
    const token = await ann.token(scopes);
    if (scopes[0] !== "deploy") await prove(api, ann.email, { token });
    expect((await closeBy(token)).body.code).toBe("token.scope");
  }
  expect(await ann.state()).toBe("active");
});

test("nobody else's account is touched", async () => {
  const [ann, bob] = [await deployed(), await deployed()];
  const before = left(bob).rows;
  await close(ann.session, "?apps=leave");
  expect(left(bob).rows).toEqual(before);
  expect((await api.call("GET", "/v1/apps", { session: bob.session })).body.items).toHaveLength(1);
  expect(await bob.state()).toBe("active");
});

covers("closeAccount", "account.closing", "who comes when it is gone is told so", async () => {
  const ann = await owner();
  await eraseAll(ann.ctx, [accountKey(ann.ctx)]);
  expect((await close(ann.session)).body).toMatchObject({ status: 409, code: "account.closing" });
});

test("of many at once all end in the one closing, with one mail", async () => {
  const ann = await owner();
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => close(ann.session)));
  for (const { status, body } of answers) expect([200, 202, 401, 409], JSON.stringify(body)).toContain(status);
  for (const { body } of answers.filter(({ status }) => status === 409)) expect(body.code).toBe("account.closing");
  await due();
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
  expect(
    new Set(
      stage.test
        .mails()
        .filter(({ to, template }) => to === ann.email && template === "closed")
        .map(({ id }) => id),
    ).size,
  ).toBe(1);
});

covers("closeAccount", "202", "while Stripe does not answer nothing is erased; the schedule goes on", async () => {
  const ann = await owner();
  stage.outage.stripe = 5;
  const answer = await close(ann.session);
  stage.outage.stripe = 0;
  expect([answer.status, answer.body]).toEqual([202, { status: "closing" }]);
  expect(left(ann)).toMatchObject({ named: true });
  expect(await ann.account()).toMatchObject({ kind: "ended", closingAt: expect.any(String) });
  expect((await ann.subscription()).status).toBe("active");
  expect(await due()).toMatchObject({ closed: 1, failed: 0 });
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
});

test("a subscription that is seen to live on keeps everything, and rings the alarm", async () => {
  const ann = await owner();
  const stripe = await stage.test.world.stripe();
  const cancel = stripe.subscriptions.cancel;
  stripe.subscriptions.cancel = (async () => ({})) as unknown as typeof cancel;
  expect((await close(ann.session)).body).toEqual({ status: "closing" });
  expect(await due()).toMatchObject({ closed: 0, failed: 1 });
  expect(stage.test.logs.at(-1)).toMatchObject({ level: "error", message: "account cannot be closed" });
  stripe.subscriptions.cancel = cancel;
  expect(left(ann)).toMatchObject({ named: true });
  await due();
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
});

/** What is refused to an account that is being closed. */
async function halfClosed(): Promise<Owner> {
  const ann = await owner();
  const closing = { by: ann.user.id, apps: [], mails: [ann.email] };
  const mark = { closingAt: stage.test.world.now().toISOString(), closing, kind: "ended", duePk: "CLOSING#0", dueAt: "2020" };
  await store(ann.ctx, accountKey(ann.ctx), { ...(await ann.account()), ...mark });
  return ann;
}
const refusedIn = async (method: string, path: string, body?: object) => {
  const ann = await halfClosed();
  const answer = await api.call(method, `/v1${path}`, { session: ann.session, ...(body && { body }) });
  expect(answer.body).toMatchObject({ status: 409, code: "account.closing" });
};
covers("startCheckout", "account.closing", "no page to pay on while the account is closed", () =>
  refusedIn("POST", "/billing/checkout", { plan: "solo" }),
);
covers("changePlan", "account.closing", "no plan is changed while the account is closed", () =>
  refusedIn("POST", "/billing/plan", { plan: "studio" }),
);
covers("openPortal", "account.closing", "no portal while the account is closed", () => refusedIn("POST", "/billing/portal"));
covers("createToken", "account.closing", "no token while the account is closed", () =>
  refusedIn("POST", "/tokens", { name: "n", scopes: ["read"] }),
);
test("nothing is deployed, made or added while the account is closed, and a sync does not open it again", async () => {
  await refusedIn("POST", "/apps", { name: "late" });
  await refusedIn("POST", "/targets", { name: "web9", host: "127.0.0.1" });
  const ann = await halfClosed();
  await ann.app("shop").catch(() => undefined);
  expect(await syncCustomer(stage.test.world, await ann.customer())).toBe("foreign");
  expect(await ann.account()).toMatchObject({ kind: "ended" });
  const answer = await api.call("POST", "/v1/apps/shop/deployments", {
    session: ann.session,
    body: { bundle: { compose: COMPOSE } },
  });
  expect(answer.status).toBeGreaterThanOrEqual(400);
});
covers("verifyCode", "account.closing", "nobody signs in to an account that is being closed", async () => {
  const ann = await halfClosed();
  const { browser } = await api.call("POST", "/v1/auth/code", { body: { email: ann.email } });
  const asked = { browser, body: { email: ann.email, code: api.code(ann.email) } };
  const { body } = await api.call("POST", "/v1/auth/verify", asked);
  expect(body).toMatchObject({ status: 409, code: "account.closing" });
});

test("the address signs up again as somebody new, with nothing of before", async () => {
  const ann = await owner();
  await close(ann.session);
  const session = await api.signIn(ann.email);
  const me = (await api.call("GET", "/v1/me", { session })).body;
  expect(me.tenant).not.toBe(ann.id);
  expect(
    (await api.call("GET", "/v1/audit", { session })).body.items.map(({ action }: { action: string }) => action),
  ).not.toContain("tenant.close");
  await due();
  expect((await api.call("GET", "/v1/me", { session })).status).toBe(200);
});

test("who signs up again while the old account is still being erased keeps the new one", async () => {
  const ann = await halfClosed();
  await store(ann.ctx, key(ann.ctx, "JOB#job_left"), {
    id: "job_left",
    kind: "check",
    status: "succeeded",
    rollouts: {},
    by: { kind: "user", id: "u" },
    createdAt: stage.test.world.now().toISOString(),
    version: 1,
  });
  expect(await finishClosing(stage.test.world, ann.id, stage.test.world.now())).toBe("closing");
  const tenantOf = async () => (await api.call("GET", "/v1/me", { session: await api.signIn(ann.email) })).body.tenant;
  const fresh = await tenantOf();
  expect(fresh).not.toBe(ann.id);
  expect(await finishClosing(stage.test.world, ann.id, soon())).toBe("closed");
  expect(await tenantOf()).toBe(fresh);
  await stage.test.clock.advance(3601);
  await due();
  expect(await tenantOf()).toBe(fresh);
});

test("killed after any of its writes, closing is gone on with to the same end", async () => {
  const { client } = stage.test.world.table;
  const send = client.send.bind(client);
  let ends = 0;
  for (let at = 1; ends === 0 || at <= 3; at++) {
    const ann = await halfClosed();
    let writes = 0;
    client.send = (async (...given: Parameters<typeof send>) => {
      const answer = await send(...given);
      if (given[0] instanceof TransactWriteCommand && ++writes === at) throw new Error("killed");
      return answer;
    }) as typeof send; // of its overloads only the one without a callback is ever called
    const first = await finishClosing(stage.test.world, ann.id, soon()).catch(() => "killed");
    client.send = send;
    if (first === "closed") ends++;
    else expect(first).toBe("killed");
    expect(await finishClosing(stage.test.world, ann.id, soon())).toBe("closed");
    expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
    expect(ann.mails().at(-1)).toBe("closed");
  }
});

test("what a request that was still under way leaves behind is swept an hour later, once", async () => {
  const ann = await owner();
  await close(ann.session);
  await store(ann.ctx, key(ann.ctx, "JOB#job_late"), {
    id: "job_late",
    kind: "check",
    status: "succeeded",
    rollouts: {},
    by: { kind: "user", id: ann.email },
    createdAt: stage.test.world.now().toISOString(),
    version: 1,
  });
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS", "TENANT"], named: true });
  await due();
  expect(left(ann).rows).toContain("TENANT");
  await stage.test.clock.advance(3601);
  expect((await due()).swept).toBeGreaterThan(0);
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
  expect((await due()).swept).toBe(0);
});

test("an account too large for one go is closed in several", async () => {
  const ann = await halfClosed();
  for (let count = 0; count < 5; count++)
    await store(ann.ctx, key(ann.ctx, `JOB#job_${count}`), {
      id: `job_${count}`,
      kind: "check",
      status: "succeeded",
      rollouts: {},
      by: { kind: "user", id: "u" },
      createdAt: stage.test.world.now().toISOString(),
      version: 1,
    });
  let turns = 0;
  while ((await finishClosing(stage.test.world, ann.id, stage.test.world.now())) === "closing") turns++;
  expect(turns).toBeGreaterThan(4);
  expect(left(ann)).toEqual({ rows: ["CLOSED", "CUS"], named: false });
});
