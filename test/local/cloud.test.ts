import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { queueName } from "../../packages/local/src/cloud/names.ts";
import { type Cloud, type CloudOptions, startCloud } from "../../packages/local/src/cloud.ts";
import { FolderTaken } from "../../packages/local/src/state/lock.ts";

const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "berth-cloud-"));
const lines: string[] = [];
const options: CloudOptions = {
  folder,
  log: { request: () => {}, event: (area, text) => lines.push(`${area}: ${text}`), output: (line) => lines.push(line) },
};
let cloud: Cloud;

beforeAll(async () => {
  cloud = await startCloud(options);
});
afterAll(() => cloud.close());

const json = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${cloud.origin}${path}`, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** As the browser that got an answer comes back. */
const browserOf = (answer: Response) => ({
  cookie: (answer.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "",
  origin: cloud.origin,
});

async function signIn(email: string): Promise<string> {
  const asked = await json("POST", "/v1/auth/code", { email });
  expect(asked.status).toBe(202);
  await expect.poll(() => cloud.inbox(email).length, { timeout: 60_000 }).toBeGreaterThan(0);
  const code = /\d{6}/.exec(cloud.inbox(email)[0]?.subject ?? "")?.[0];
  const answer = await json("POST", "/v1/auth/verify", { email, code }, browserOf(asked));
  expect(answer.status).toBe(200);
  return (answer.headers.getSetCookie()[0] ?? "").split(";")[0] ?? "";
}

const credentials = { accessKeyId: "x", secretAccessKey: "x" };

test("a person signs up by the code from the inbox, makes a token, and the token says who they are", async () => {
  const cookie = await signIn("ann@example.com");
  const made = await json("POST", "/v1/tokens", { name: "ci", scopes: ["read"] }, { cookie, origin: cloud.origin });
  expect(made.status).toBe(201);
  const { secret } = (await made.json()) as { secret: string };
  const me = await json("GET", "/v1/me", undefined, { authorization: `Bearer ${secret}` });
  expect(await me.json()).toMatchObject({ actor: { kind: "token", scopes: ["read"] } });
});

test("a write with a cookie from another origin is refused", async () => {
  const cookie = await signIn("bob@example.com");
  const answer = await json("POST", "/v1/tokens", { name: "x", scopes: ["read"] }, { cookie, origin: "https://evil.example" });
  expect(answer.status).toBe(403);
});

test("a request under another name of this machine is led to the one origin, and a write is not taken", async () => {
  const other = cloud.origin.replace("127.0.0.1", "localhost");
  const found = await fetch(`${other}/plans?a=1`, { redirect: "manual" }).catch(() => undefined);
  if (found) {
    expect(found.status).toBe(307);
    expect(found.headers.get("location")).toBe(`${cloud.origin}/plans?a=1`);
    expect((await fetch(`${other}/v1/auth/code`, { method: "POST" })).status).toBe(421);
  } else expect(found).toBeUndefined(); // no name "localhost" here
});

test("what is not the API is the dashboard, with a policy that lets nothing foreign in", async () => {
  const answer = await fetch(`${cloud.origin}/apps/shop`);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(answer.headers.get("content-type")).toMatch(/^text\/(html|plain)/);
  const traversal = await fetch(`${cloud.origin}/assets/..%2f..%2fpackage.json`);
  expect(traversal.status).not.toBe(200);
});

test("KMS opens a data key for its own context only", async () => {
  const kms = new KMSClient({ endpoint: `${cloud.endpoint}/kms`, region: "local", credentials });
  const EncryptionContext = { tenant: "ten_1" };
  const made = await kms.send(new GenerateDataKeyCommand({ KeyId: "local", KeySpec: "AES_256", EncryptionContext }));
  const { CiphertextBlob } = made;
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  expect(opened.Plaintext).toEqual(made.Plaintext);
  const wrong = kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { tenant: "ten_2" } }));
  await expect(wrong).rejects.toMatchObject({ name: "InvalidCiphertextException" });
  const other = kms.send(new GenerateDataKeyCommand({ KeyId: "another", KeySpec: "AES_256" }));
  await expect(other).rejects.toMatchObject({ name: "NotFoundException" });
});

test("a parameter shows its value only decrypted, and a missing one is refused by name", async () => {
  const ssm = new SSMClient({ endpoint: `${cloud.endpoint}/ssm`, region: "local", credentials });
  const Name = cloud.env.STRIPE_SECRET ?? "";
  const hidden = await ssm.send(new GetParameterCommand({ Name }));
  const shown = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }));
  expect(shown.Parameter?.Value).toMatch(/^sk_test_/);
  expect(hidden.Parameter?.Value).not.toBe(shown.Parameter?.Value);
  await expect(ssm.send(new GetParameterCommand({ Name: "/none" }))).rejects.toMatchObject({ name: "ParameterNotFound" });
});

test("the engines answer only under this machine's own name, and the control changes nothing for a foreign page", async () => {
  const { request } = await import("node:http");
  const { port } = new URL(cloud.endpoint);
  const status = (headers: Record<string, string>) =>
    new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port, method: "POST", path: "/_local/reset", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asked.on("error", reject).end();
    });
  expect(await status({ host: "rebound.example" })).toBe(421);
  expect(await status({ origin: "https://evil.example" })).toBe(403);
  expect(cloud.inbox()).not.toHaveLength(0);
});

test("the inbox page shows a mail's code, and hostile text in it as text", async () => {
  const ses = await fetch(`${cloud.endpoint}/ses/v2/email/outbound-emails`, {
    method: "POST",
    body: JSON.stringify({
      FromEmailAddress: "a@b.c",
      Destination: { ToAddresses: ["Eve@example.com"] },
      Content: {
        Simple: {
          Subject: { Data: "<script>alert(1)</script> 123456" },
          Body: { Text: { Data: "t" }, Html: { Data: "<b>h</b>" } },
        },
      },
    }),
  });
  const { MessageId } = (await ses.json()) as { MessageId: string };
  const page = await (await fetch(`${cloud.endpoint}/_local/inbox`)).text();
  expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(page).not.toContain("<script>");
  expect(page).toContain("123456");
  const letter = await (await fetch(`${cloud.endpoint}/_local/inbox/${MessageId}`)).text();
  expect(letter).toContain('sandbox title="The mail" srcdoc="&lt;b&gt;h&lt;/b&gt;"');
  expect(cloud.inbox("eve@example.com")).toHaveLength(1);
});

test("time that is advanced is advanced everywhere: a code has expired and Stripe is a day on", async () => {
  const email = "carol@example.com";
  const asked = await json("POST", "/v1/auth/code", { email });
  await expect.poll(() => cloud.inbox(email).length, { timeout: 60_000 }).toBe(1);
  const code = /\d{6}/.exec(cloud.inbox(email)[0]?.subject ?? "")?.[0];
  const [before, stripeBefore] = [cloud.now().getTime(), cloud.stripe.now()];
  const answer = await fetch(`${cloud.endpoint}/_local/clock/advance`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" }, // as curl says of everything
    body: '{"seconds":90000}',
  });
  expect(answer.status).toBe(200);
  expect(cloud.now().getTime() - before).toBeGreaterThanOrEqual(90_000_000);
  expect(cloud.stripe.now() - stripeBefore).toBeGreaterThanOrEqual(90_000);
  const late = await json("POST", "/v1/auth/verify", { email, code }, browserOf(asked));
  expect(late.status).toBe(401);
});

test("the inbox page's buttons let time pass and lead back to it", async () => {
  const before = cloud.now().getTime();
  const body = new URLSearchParams({ seconds: "60" });
  const answer = await fetch(`${cloud.endpoint}/_local/clock/advance`, { method: "POST", body, redirect: "manual" });
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/_local/inbox"]);
  expect(cloud.now().getTime() - before).toBeGreaterThanOrEqual(60_000);
});

test("a negative or missing time is refused", async () => {
  for (const body of ['{"seconds":-1}', "{}", "nonsense"])
    expect((await fetch(`${cloud.endpoint}/_local/clock/advance`, { method: "POST", body })).status).toBe(400);
});

test("where the port after the gateway's is taken the engines take another, and a taken gateway's port is an error", async () => {
  const { port } = new URL(cloud.endpoint);
  // The gateway's wish is the engines' own port less one, which may be the first cloud's gateway; either way nothing is left open.
  const second = await startCloud({ port: Number(port) - 1, workers: 1 }).catch((error: NodeJS.ErrnoException) => error);
  if (second instanceof Error) expect(second).toMatchObject({ code: "EADDRINUSE" });
  else {
    expect(second.endpoint).not.toBe(cloud.endpoint);
    expect((await fetch(`${second.endpoint}/_local/health`)).status).toBe(200);
    await second.close();
  }
  await expect(startCloud({ port: Number(new URL(cloud.origin).port), workers: 1 })).rejects.toMatchObject({
    code: "EADDRINUSE",
  });
});

test("what it keeps is for its own user alone, down to every file and folder", () => {
  const open = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => [name, statSync(join(folder, name)).mode & 0o077] as const)
    .filter(([, others]) => others !== 0);
  expect(open).toEqual([]);
  expect(readdirSync(folder, { recursive: true }).length).toBeGreaterThan(4);
});

test("two clouds do not share a folder", async () => {
  await expect(startCloud({ folder })).rejects.toThrow(FolderTaken);
});

test("after a restart accounts, mails, keys, time and the token's rows are as they were", async () => {
  const cookie = await signIn("dora@example.com");
  const kmsOf = () => new KMSClient({ endpoint: `${cloud.endpoint}/kms`, region: "local", credentials });
  const made = await kmsOf().send(new GenerateDataKeyCommand({ KeyId: "local", KeySpec: "AES_256" }));
  const [ahead, mails] = [cloud.now().getTime() - Date.now(), cloud.inbox().length];
  const { STRIPE_SECRET } = cloud.env;
  const prices = () => cloud.stripe.events().length;
  const eventsBefore = prices();
  await cloud.close();
  expect(existsSync(join(folder, "pid"))).toBe(false);
  cloud = await startCloud(options);
  expect(Math.abs(cloud.now().getTime() - Date.now() - ahead)).toBeLessThan(60_000); // of days
  expect(cloud.inbox()).toHaveLength(mails);
  expect(cloud.env.STRIPE_SECRET).toBe(STRIPE_SECRET);
  expect(prices()).toBe(eventsBefore);
  const me = await json("GET", "/v1/me", undefined, { cookie });
  expect(await me.json()).toMatchObject({ email: "dora@example.com" });
  const opened = await kmsOf().send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
  expect(opened.Plaintext).toEqual(made.Plaintext);
});

test("a worker killed in the middle of a mail is replaced, and the mail's message comes back and is delivered", async () => {
  const queue = cloud.sqs.queues.get(queueName("jobs"));
  expect(queue).toBeDefined();
  // A message for a job that is not there: taken, found to be nothing, done.
  queue?.send({ body: JSON.stringify({ tenant: "ten_1", job: "job_1", target: "tgt_1" }), group: "ten_1" });
  await expect.poll(() => queue?.messages().length, { timeout: 60_000 }).toBe(0);
  const before = cloud.workers().map(({ pid }) => pid);
  const mail = cloud.sqs.queues.get(queueName("mail"));
  for (let i = 0; i < 20; i++)
    mail?.send({ body: JSON.stringify({ to: `m${i}@example.com`, template: "code", data: { code: "123456", minutes: 10 } }) });
  await expect
    .poll(() => cloud.workers().some(({ running }) => running.includes("workers/mail")), { interval: 1, timeout: 60_000 })
    .toBe(true);
  for (const { pid, pool } of cloud.workers()) if (pool === "workers") cloud.killWorker(pid);
  await expect.poll(() => cloud.workers().filter(({ pid }) => !before.includes(pid)).length, { timeout: 60_000 }).toBe(2);
  for (let i = 0; i < 5 && (mail?.messages().length ?? 0) > 0; i++) {
    await cloud.advance(181);
    await cloud.settle();
  }
  for (let i = 0; i < 20; i++) expect(cloud.inbox(`m${i}@example.com`).length).toBeGreaterThan(0);
});

test("a message that always fails ends in the dead letters of its queue", async () => {
  const mail = cloud.sqs.queues.get(queueName("mail"));
  mail?.send({ body: "not JSON" });
  for (let i = 0; i < 6; i++) {
    await expect.poll(() => mail?.counts().visible, { timeout: 60_000 }).toBe(0);
    await eventually(() => cloud.workers().flatMap(({ running }) => running)).not.toContain("workers/mail");
    await cloud.advance(181);
  }
  const { items } = (await (await fetch(`${cloud.endpoint}/_local/queues`)).json()) as {
    items: { name: string; visible: number }[];
  };
  expect(items.find(({ name }) => name === "berth-mail-dead")).toMatchObject({ visible: 1 });
}, 30_000);

test("a reset forgets everything and the plans are sold again", async () => {
  const cookie = await signIn("fay@example.com");
  await fetch(`${cloud.endpoint}/_local/reset`, { method: "POST" });
  expect(cloud.inbox()).toHaveLength(0);
  expect((await json("GET", "/v1/me", undefined, { cookie })).status).toBe(401);
  expect(Math.abs(cloud.now().getTime() - Date.now())).toBeLessThan(1000);
  expect(cloud.stripe.events().filter(({ type }) => type === "price.created")).toHaveLength(3);
  expect(await signIn("fay@example.com")).toMatch(/^berth=/);
});

test("every process is a child of this one and ends with the cloud", async () => {
  const pids = cloud.workers().map(({ pid }) => pid);
  for (const pid of pids)
    expect(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1]).toBe(String(process.pid));
  await cloud.close();
  for (const pid of pids) expect(existsSync(`/proc/${pid}`)).toBe(false);
  cloud = await startCloud({ ...options, fresh: true });
  expect(cloud.dynamodb.execute("Scan", { TableName: "berth-local", Select: "COUNT" })).toMatchObject({ Count: 0 });
});
