import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { settingsDrift } from "@berth/domain/billing/reconcile/settings.ts";
import { API_VERSION } from "@berth/domain/billing/stripe/events.ts";
import type { World } from "@berth/domain/context.ts";
import { TABLE } from "@berth/local/cloud/table.ts";
import Stripe from "stripe";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../../packages/local/src/cloud.ts";

let cloud: Cloud;
let token = "";

beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const DAY = 86_400;
const email = "payer@example.com";
const api = async (method: string, path: string, body?: unknown) => {
  const answer = await fetch(`${cloud.origin}${path}`, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  // biome-ignore lint/suspicious/noExplicitAny: answers of several routes
  return { status: answer.status, headers: answer.headers, body: (text === "" ? undefined : JSON.parse(text)) as any };
};
const entitlement = async () => (await api("GET", "/v1/usage")).body.entitlement;

test("what is set at the local Stripe is what the product asks of its account", async () => {
  const { hostname, port } = new URL(cloud.stripeUrl);
  const stripe = new Stripe("sk_test_any", { host: hostname, port: Number(port), protocol: "http" });
  const world = { origin: cloud.origin, stripe: () => Promise.resolve(stripe) } as unknown as World;
  expect(await settingsDrift(world)).toEqual([]);
  const [endpoint] = (await stripe.webhookEndpoints.list()).data;
  expect(endpoint?.api_version).toBe(API_VERSION);
});

test("somebody new is permitted nothing until they have paid on the hosted page, and then everything at once", async () => {
  const asked = await api("POST", "/v1/auth/code", { email });
  const browser = (asked.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
  await expect.poll(() => cloud.inbox(email).length, { timeout: 60_000 }).toBe(1);
  const code = /\d{6}/.exec(cloud.inbox(email)[0]?.subject ?? "")?.[0];
  const verified = await fetch(`${cloud.origin}/v1/auth/verify`, {
    method: "POST",
    headers: { cookie: browser, origin: cloud.origin, "content-type": "application/json" },
    body: JSON.stringify({ email, code }),
  });
  const cookie = (verified.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
  const issued = await fetch(`${cloud.origin}/v1/tokens`, {
    method: "POST",
    headers: { cookie, origin: cloud.origin, "content-type": "application/json" },
    body: JSON.stringify({ name: "all", scopes: ["admin", "billing"] }),
  });
  token = ((await issued.json()) as { secret: string }).secret;
  expect((await api("POST", "/v1/apps", { name: "shop" })).status).toBe(402);
  const checkout = await api("POST", "/v1/billing/checkout", { plan: "solo" });
  expect(checkout.body.url.startsWith(cloud.stripeUrl)).toBe(true);
  const card = { number: "4242424242424242", expiry: "12 / 40", cvc: "123", name: "Pia Payer" };
  const paid = await fetch(checkout.body.url, { method: "POST", body: new URLSearchParams(card), redirect: "manual" });
  expect(paid.headers.get("location")).toContain(`${cloud.origin}/billing/return?session_id=`);
  await cloud.settle();
  expect(await entitlement()).toBe("active");
  expect((await api("POST", "/v1/apps", { name: "shop" })).status).toBe(201);
});

test("a target that refuses connections: the check's job ends failed, and its stream through the gateway says so and ends", async () => {
  const added = await api("POST", "/v1/targets", { name: "web1", host: "127.0.0.1", port: 9 });
  expect(added.status).toBe(201);
  const stream = await fetch(`${cloud.origin}/v1/jobs/${added.body.job.id}/events`, {
    headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
  });
  expect(stream.headers.get("content-type")).toContain("text/event-stream");
  const text = await stream.text();
  const done = /event: done\ndata: (.*)/.exec(text)?.[1] ?? "";
  expect(JSON.parse(done)).toMatchObject({ kind: "target.check", status: "failed", failure: { class: "refused" } });
});

test("when the card fails at the renewal, grace begins with its date, a week later it is restricted, and paying ends it", async () => {
  cloud.stripe.failCards("all", "card_declined");
  await cloud.advance(32 * DAY);
  expect(await entitlement()).toBe("grace");
  const refused = await api("POST", "/v1/apps", { name: "second" });
  expect(refused).toMatchObject({ status: 402, body: { code: "billing.grace" } });
  expect(refused.headers.get("berth-entitlement")).toMatch(/^grace; until=\d{4}-/);
  await cloud.advance(7 * DAY);
  expect(await entitlement()).toBe("restricted");
  cloud.stripe.fixCards("all");
  await cloud.advance(8 * DAY);
  expect(await entitlement()).toBe("active");
});

test("each change of state was told by one mail", () => {
  const subjects = cloud.inbox(email).map(({ subject }) => subject.replace(/\d{4}-.*|\d{6}/, "..."));
  for (const start of ["Your Solo plan is active", "A payment failed", "Paid: everything works again"])
    expect(subjects.filter((subject) => subject.startsWith(start))).toHaveLength(1);
});

describe("berth-ops billing", () => {
  const ops = async (...args: string[]) => {
    const main = new URL("../../packages/ops/src/main.ts", import.meta.url).pathname;
    const run = promisify(execFile)(process.execPath, [main, "billing", ...args, "--json"], {
      env: { ...process.env, ...cloud.env },
    });
    const done = await run.then(
      ({ stdout }) => ({ code: 0, stdout }),
      (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
    );
    return {
      code: done.code,
      said: done.stdout.startsWith("{") ? JSON.parse(done.stdout.trim().split("\n").at(-1) ?? "") : done.stdout,
    };
  };
  const tenant = async () => (await api("GET", "/v1/me")).body.tenant;

  test("shows an account beside what Stripe says, looks again, and compares all of them", async () => {
    const shown = await ops("show", await tenant());
    expect(shown).toMatchObject({ code: 0, said: { account: { plan: "solo" }, drift: [] } });
    expect(await ops("resync", await tenant())).toMatchObject({
      code: 0,
      said: { outcome: expect.stringMatching(/same|changed/) },
    });
    expect(await ops("reconcile")).toMatchObject({ code: 0, said: { accounts: 1, findings: [], settings: [] } });
  });

  test("what differs is told with exit code 1 and stays as it is, and is fixed with --repair", async () => {
    const id = await tenant();
    const at = { pk: { S: `TENANT#${id}` }, sk: { S: "ACCOUNT" } };
    const spoil = {
      TableName: TABLE,
      Key: at,
      UpdateExpression: "SET slotLimit = :n",
      ExpressionAttributeValues: { ":n": { N: "99" } },
    };
    cloud.dynamodb.execute("UpdateItem", spoil);
    expect(await ops("show", id)).toMatchObject({ code: 1, said: { drift: ["slotLimit"] } });
    expect(await ops("reconcile")).toMatchObject({ code: 1, said: { findings: [{ class: "drift", repaired: false }] } });
    expect(await ops("reconcile", "--repair")).toMatchObject({
      code: 0,
      said: { findings: [{ class: "drift", repaired: true }] },
    });
    expect(await ops("show", id)).toMatchObject({ code: 0, said: { drift: [] } });
  });

  test("what is no question is answered with the usage and exit code 2", async () => {
    expect(await ops("show")).toMatchObject({ code: 2, said: expect.stringContaining("berth-ops billing") });
    expect((await ops("forget", await tenant())).code).toBe(2);
  });
});

test("an account whose subscription cannot be ended now is closed by the schedule as soon as it can", async () => {
  await api("POST", "/v1/auth/proof");
  const mailed = () => /^(\d{6}) is your Berth code/.exec(cloud.inbox(email)[0]?.subject ?? "")?.[1];
  await expect.poll(mailed, { timeout: 60_000 }).toBeDefined();
  expect((await api("POST", "/v1/auth/proof/verify", { code: mailed() })).status).toBe(200);
  // Each request is tried three times.
  cloud.stripe.refuseNext(...Array(3).fill(503));
  const answer = await api("DELETE", "/v1/account?apps=leave");
  expect([answer.status, answer.body]).toEqual([202, { status: "closing" }]);
  await cloud.runSchedule("close");
  expect((await api("GET", "/v1/me")).status).toBe(401);
  await cloud.settle();
  expect(cloud.inbox(email)[0]?.subject).toBe("Your Berth account is closed");
  const { Items } = cloud.dynamodb.execute("Scan", { TableName: TABLE }) as { Items: { pk: { S: string } }[] };
  const left = Items.filter((row) => !row.pk.S.startsWith("RATE#") && JSON.stringify(row).includes(email));
  expect(left).toEqual([]);
});
