import { randomInt } from "node:crypto";
import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { syncCustomer } from "@berth/domain/billing/standing/sync.ts";
import { sweepMails } from "@berth/domain/mail/outbox.ts";
import { get } from "@berth/domain/query.ts";
import { globalKey } from "@berth/domain/table.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runSchedule } from "../../functions/billing/reconcile.ts";
import { syncQueue } from "../../functions/billing/sync.ts";
import { HOUR, openStripeStage, type StripeStage, sqsEvent } from "./stripe-stage.ts";

let stage: StripeStage;
beforeEach(async () => {
  stage = await openStripeStage();
});
afterEach(() => stage.close());

/** Waits until a delivery was answered with an error, or not at all. */
const refusedOnce = () =>
  expect
    .poll(() =>
      stage.control.deliveries().some(({ attempts }) => attempts.some(({ status }) => status === null || status >= 500)),
    )
    .toBe(true);

const done = async (event: string) => (await get(stage.test.world, globalKey("EVT", event))) !== undefined;

test("while the queue is down every event is refused, and Stripe's retry loses nothing", async () => {
  const ann = await stage.signUp();
  const url = await ann.checkout("pro");
  stage.outage.queue = true;
  await ann.pay(url);
  await refusedOnce();
  stage.outage.queue = false;
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro" });
  const refusals = stage.control.deliveries().filter(({ attempts }) => attempts.some(({ status }) => status === 500));
  expect(refusals.length).toBeGreaterThan(0);
});

test("while the webhook is down nothing is lost either", async () => {
  const ann = await stage.signUp();
  const url = await ann.checkout("pro");
  stage.outage.webhook = true;
  await ann.pay(url);
  await refusedOnce();
  stage.outage.webhook = false;
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good" });
});

test("deliveries that are dropped, late, twice, in any order and with false signatures end in the right row", async () => {
  const ann = await stage.signUp();
  stage.control.chaos({ shuffle: true, duplicate: 0.3, corrupt: 0.3, drop: 0.2, delayMs: 20 });
  await ann.pay(await ann.checkout("pro"));
  await stage.settle();
  await stage.advance(15 * 60);
  await runSchedule(stage.test.world, "undelivered");
  await stage.settle();
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro", anomalies: [] });
  expect(ann.mails()).toEqual(["welcome"]);
});

test("a worker that dies after it read Stripe blocks nobody, and the message that comes again converges", async () => {
  const ann = await stage.signUp();
  const { events } = await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
  const { client } = stage.test.world.table;
  const send = client.send.bind(client);
  let deaths = 2;
  client.send = ((command: { constructor: { name: string } }) => {
    if (command.constructor.name === "TransactWriteCommand" && deaths-- > 0) return Promise.reject(new Error("killed"));
    return send(command as never);
  }) as typeof client.send;
  await stage.deliver(events);
  client.send = send;
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro" });
  expect(ann.mails()).toEqual(["welcome"]);
  expect(stage.deadLetters).toEqual([]);
});

test("a table that throttles in the middle leaves nothing half done and no event marked", async () => {
  const ann = await stage.signUp();
  const { events } = await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
  const { client } = stage.test.world.table;
  const send = client.send.bind(client);
  client.send = ((command: { constructor: { name: string } }) =>
    command.constructor.name === "TransactWriteCommand"
      ? Promise.reject(
          new TransactionCanceledException({
            message: "throttled",
            $metadata: {},
            CancellationReasons: [{ Code: "ThrottlingError" }, { Code: "None" }],
          }),
        )
      : send(command as never)) as typeof client.send;
  const request = { event: events[0], customer: await ann.customer() };
  const answer = await syncQueue(stage.test.world)(sqsEvent(request));
  client.send = send;
  expect(answer.batchItemFailures).toHaveLength(1);
  expect(await ann.account()).toMatchObject({ kind: "none" });
  expect(await done(events[0] ?? "")).toBe(false);
  expect(ann.mails()).toEqual([]);
  await stage.deliver(events);
  expect(await ann.account()).toMatchObject({ kind: "good" });
  expect(await done(events[0] ?? "")).toBe(true);
});

test("Stripe refusing for being busy sends the message back, and the account is right in the end", async () => {
  const ann = await stage.signUp();
  const { events } = await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
  stage.control.refuseNext(429, 500, 503);
  await stage.deliver(events);
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "pro" });
  expect(stage.deadLetters).toEqual([]);
});

test("a customer nobody knows ends in dead letters, and is put right by a redrive once somebody is known", async () => {
  const stranger = await stage.stripe.customers.create({ email: "who@example.com" });
  const sold = await stage.stripe.prices.list({ lookup_keys: ["berth_solo_monthly"] });
  const method = await stage.stripe.paymentMethods.attach("pm_card_visa", { customer: stranger.id });
  await stage.stripe.subscriptions.create({
    customer: stranger.id,
    items: [{ price: sold.data[0]?.id ?? "" }],
    default_payment_method: method.id,
  });
  await stage.settle();
  expect(stage.deadLetters.length).toBeGreaterThan(0);
  const ann = await stage.signUp();
  const { putOne } = await import("@berth/domain/table.ts");
  const { accountKey, getAccount } = await import("@berth/domain/entitlement/account.ts");
  await putOne(ann.ctx, globalKey("CUS", stranger.id), { tenant: ann.id });
  await putOne(ann.ctx, accountKey(ann.ctx), { ...(await getAccount(ann.ctx)), customer: stranger.id });
  for (const message of stage.deadLetters.splice(0)) await stage.test.world.send("billing", message);
  await stage.settle();
  expect(stage.deadLetters).toEqual([]);
  expect(await ann.account()).toMatchObject({ kind: "good", plan: "solo" });
});

test("one message that cannot be worked on does not hold back the others", async () => {
  const ann = await stage.signUp();
  await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
  const [good] = sqsEvent({ customer: await ann.customer() }).Records;
  const [bad] = sqsEvent({ customer: "cus_unknown" }).Records;
  if (!good || !bad) throw new Error("records");
  const Records = [
    { ...bad, messageId: "bad" },
    { ...good, messageId: "good" },
    { ...bad, messageId: "none", body: "no json" },
  ];
  const { batchItemFailures } = await syncQueue(stage.test.world)({ Records });
  expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual(["bad", "none"]);
  expect(await ann.account()).toMatchObject({ kind: "good" });
});

test("ten thousand replays of an event that was done with have no effect and ask Stripe nothing", async () => {
  const ann = await stage.signUp();
  await ann.buy("pro");
  const [event] = stage.eventsOf(await ann.customer());
  const before = await ann.account();
  const mails = ann.mails();
  const { reads, writes } = stage.asked;
  const answer = syncQueue(stage.test.world);
  const request = sqsEvent({ event, type: "invoice.paid", customer: await ann.customer() });
  for (let count = 0; count < 10_000; count += 100)
    for (const { batchItemFailures } of await Promise.all(Array.from({ length: 100 }, () => answer(request))))
      expect(batchItemFailures).toEqual([]);
  expect(await ann.account()).toEqual(before);
  expect(ann.mails()).toEqual(mails);
  expect(stage.asked).toEqual({ reads, writes });
});

test("the ingress asks Stripe nothing, whatever it is sent", async () => {
  const ann = await stage.signUp();
  await ann.buy("pro");
  const { reads, writes } = stage.asked;
  for (const event of stage.eventsOf(await ann.customer())) stage.control.redeliver(event);
  await stage.control.idle();
  expect(stage.asked).toEqual({ reads, writes });
  expect(stage.test.take("billing").length).toBeGreaterThan(0);
});

test("answering an event never writes at Stripe", async () => {
  const ann = await stage.signUp();
  const url = await ann.checkout("pro");
  await ann.pay(url);
  const { writes } = stage.asked;
  await stage.settle();
  await stage.advance(70 * 24 * HOUR);
  expect(stage.asked.writes).toBe(writes);
});

test("a sync that read before a change and writes after the sync that saw it, changes nothing", async () => {
  const ann = await stage.signUp();
  await ann.buy("pro");
  const customer = await ann.customer();
  const { id } = await ann.subscription();
  const real = await stage.test.world.stripe();
  const list = real.subscriptions.list.bind(real.subscriptions);
  let goOn = () => {};
  const held = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const read = new Promise<void>((hasRead) => {
    real.subscriptions.list = (async (...args: Parameters<typeof list>) => {
      const page = await list(...args);
      real.subscriptions.list = list;
      hasRead();
      await held;
      return page;
    }) as unknown as typeof list;
  });
  const early = syncCustomer(stage.test.world, customer);
  await read;
  await stage.unheard(() => stage.stripe.subscriptions.update(id, { cancel_at_period_end: true }));
  expect(await syncCustomer(stage.test.world, customer)).toBe("changed");
  goOn();
  expect(await early).toBe("superseded");
  expect((await ann.account()).cancelAt).not.toBeNull();
});

test("of many syncs at once the one that began last is the one that stays", async () => {
  const ann = await stage.signUp();
  await ann.buy("pro");
  const customer = await ann.customer();
  const real = await stage.test.world.stripe();
  const list = real.subscriptions.list.bind(real.subscriptions);
  // Each read lingers for a while of its own after it has seen what it saw.
  real.subscriptions.list = (async (...args: Parameters<typeof list>) => {
    const page = await list(...args);
    await new Promise((resolve) => setTimeout(resolve, randomInt(30)));
    return page;
  }) as unknown as typeof list;
  for (let round = 0; round < 5; round++) {
    const early = Array.from({ length: 4 }, () => syncCustomer(stage.test.world, customer));
    const { id } = await ann.subscription();
    await stage.unheard(() => stage.stripe.subscriptions.update(id, { cancel_at_period_end: round % 2 === 0 }));
    await Promise.all([...early, syncCustomer(stage.test.world, customer), syncCustomer(stage.test.world, customer)]);
    expect((await ann.account()).cancelAt === null).toBe(round % 2 !== 0);
  }
  real.subscriptions.list = list;
});

test("a mail that cannot be sent after its commit fails nothing, and is sent by the sweep, once", async () => {
  const ann = await stage.signUp();
  const { events } = await stage.unheard(async () => ann.pay(await ann.checkout("pro")));
  const { world } = stage.test;
  const mute = { ...world, send: () => Promise.reject(new Error("killed")) } as typeof world;
  expect(await syncCustomer(mute, await ann.customer())).toBe("changed");
  expect(await ann.account()).toMatchObject({ kind: "good" });
  expect(ann.mails()).toEqual([]);
  await stage.deliver(events);
  expect(ann.mails()).toEqual([]);
  expect(await sweepMails(world)).toBe(0);
  await stage.advance(10 * 60);
  expect(await sweepMails(world)).toBe(1);
  expect(await sweepMails(world)).toBe(0);
  expect(ann.mails()).toEqual(["welcome"]);
});
