import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { changePlan } from "@berth/domain/billing/buying/change.ts";
import { accountKey } from "@berth/domain/entitlement/account.ts";
import { eraseAll } from "@berth/domain/erase.ts";
import { expect, test } from "vitest";
import { DAY } from "../billing/stripe-stage.ts";
import { covers } from "./covers.ts";
import { overtaken } from "./overtaken.ts";
import { api, close, due, left, type Owner, owner, stage, useStripeStage } from "./owner.ts";
import { prove } from "./proved.ts";

useStripeStage();

const closeBy = (token: string, query = "") => api.call("DELETE", `/v1/account${query}`, { token });

async function deployed(): Promise<Owner> {
  const ann = await owner();
  await ann.target();
  await ann.app();
  await ann.work(await ann.deploy("shop", { targets: ["web1"] }));
  return ann;
}

const livingAt = async (customer: string) =>
  (await stage.stripe.subscriptions.list({ customer, status: "all" })).data.filter(({ status }) => status !== "canceled");

covers("closeAccount", "200", "the subscription ends first, then nothing is left that names anybody", async () => {
  const ann = await owner();
  const token = await ann.token();
  const customer = await ann.customer();
  const { id } = await ann.subscription();
  await ann.app();
  const body = { provider: "github", app: "shop", repository: "me/shop", ref: "refs/heads/main" };
  expect((await api.call("POST", "/v1/deployers", { session: ann.session, body })).status).toBe(201);
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

test("a subscription that is seen to live on keeps everything, and sets off the alarm", async () => {
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
