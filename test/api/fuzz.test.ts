import { Problem } from "@berth/domain/error.ts";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { document } from "../../functions/api/document.ts";
import { type Answer, type Call, testApi } from "../support/api.ts";
import { COMPOSE, testTenant } from "../support/tenant.ts";

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
}
interface Operation {
  readonly id: string;
  readonly path: string;
  readonly method: string;
  readonly parameters: readonly { name: string; in: string; schema: Schema }[];
  readonly body: Schema | undefined;
  readonly statuses: ReadonlySet<string>;
}

const operations: Operation[] = Object.entries(document().paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, raw]) => {
    // biome-ignore lint/suspicious/noExplicitAny: the document is JSON
    const operation = raw as any;
    return {
      id: operation.operationId,
      path,
      method: method.toUpperCase(),
      parameters: operation.parameters,
      body: operation.requestBody?.content["application/json"].schema,
      statuses: new Set(Object.keys(operation.responses)),
    };
  }),
);

/** What any route may say: a malformed key, an origin that is not ours, a table that is being written. */
const always = new Set(["401", "403", "422", "413", "503"]);

const api = testApi({ stripe: () => Promise.reject(new Problem("billing.unavailable")) });
let tokens: string[] = [];
let victim = { id: "", token: "", secrets: [""] };
let known: string[] = [];

beforeAll(async () => {
  const other = await testTenant(api);
  const web = await other.target("victimweb", "127.0.0.9");
  await other.app("victimshop");
  const theirs = await other.work(await other.deploy("victimshop"));
  victim = {
    id: other.id,
    token: await other.token(),
    secrets: [other.id, other.user.email, other.user.id, web.id, "127.0.0.9"],
  };
  const mine = await testTenant(api, { plan: "studio" });
  const target = await mine.target();
  await mine.app();
  const job = await mine.work(await mine.deploy("shop"));
  tokens = await Promise.all([
    mine.token(["admin", "billing"]),
    mine.token(["admin", "billing"]),
    mine.token(["deploy"]),
    mine.token(["read"]),
    mine.token(["admin"], { app: "shop" }),
  ]);
  known = ["shop", "web1", "production", target.id, job.id, theirs.id, "victimshop", "victimweb", "1", COMPOSE, "x@example.com"];
});
afterAll(() => api.close());

const hostile = [
  "",
  " ",
  "\0",
  "\r\nset-cookie: a=b",
  "\u001b[31m",
  "\u{10ffff}",
  "\uffff",
  "\ud800",
  "../..",
  "a#b",
  "#",
  "TENANT#x",
  "%00",
  "%",
  "$(id)",
  "';--",
  "{{7*7}}",
  "<script>",
  "__proto__",
  "constructor",
  "-1",
  "1e999",
  "NaN",
  "0x10",
  "9".repeat(40),
  "+275760-09-13T00:00:00.000Z#aud_0",
  "x".repeat(2000),
  "é".repeat(300),
];
const text = () =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).map((i) => known[i] ?? "") },
    { weight: 3, arbitrary: fc.constantFrom(...hostile) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 30 }) },
  );
const anything = fc.oneof(fc.constantFrom(null, true, 0, -1, 1.5, 1e308, [], {}, "x"), fc.jsonValue({ maxDepth: 2 }));

/** Mostly what the schema wants, now and then something else. */
function given(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: right(schema) }, { weight: 1, arbitrary: anything });
}

function right(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(given));
  if (schema.type === "integer" || schema.type === "number")
    return fc.oneof(fc.constantFrom(1, 2, 22, 0, -1, 1e21), fc.integer());
  if (schema.type === "boolean") return fc.boolean();
  if (schema.type === "array") return fc.array(given(schema.items ?? {}), { maxLength: 3 });
  if (schema.type === "object") {
    const fields = Object.entries(schema.properties ?? {}).map(([name, each]) => [name, given(each)] as const);
    const more = typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
    if (fields.length === 0) return fc.dictionary(text(), given(more), { maxKeys: 3 });
    return fc.record(Object.fromEntries(fields), { requiredKeys: fields.filter((_, i) => i === 0).map(([name]) => name) });
  }
  return text();
}

const request = fc.constantFrom(...operations).chain((operation) => {
  const named = (where: string) => operation.parameters.filter((each) => each.in === where);
  const values = (where: string) =>
    fc.record(Object.fromEntries(named(where).map(({ name }) => [name, text()])), { requiredKeys: [] });
  return fc.record({
    operation: fc.constant(operation),
    path: values("path"),
    query: values("query"),
    body: operation.body ? given(operation.body) : fc.constant(undefined),
    broken: fc.integer({ min: 0, max: 19 }),
    who: fc.nat(5),
    key: fc.option(fc.constantFrom("k1", "k2", "é", " ".repeat(3), "k".repeat(300)), { freq: 2 }),
  });
});
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;

function send({ operation, path, query, body, broken, who, key }: Request): Promise<Answer> {
  const segment = (value: unknown) => (broken === 1 ? encodeURI(wellFormed(value)) : encodeURIComponent(wellFormed(value)));
  const filled = operation.path.replaceAll(/\{(\w+)\}/g, (_: string, name: string) => segment(path[name] ?? known[0]) || "-");
  const search = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, wellFormed(value)]));
  if (search.has("wait")) search.set("wait", "0");
  const token = tokens[who];
  const call: Call = {
    ...(token && { token }),
    ...(operation.body && { body: broken === 0 ? "{" : JSON.stringify(body ?? {}) }),
    ...(key && { headers: { "idempotency-key": encodeURI(key) } }),
  };
  return api.call(operation.method, `${filled}?${search}`, call);
}

/** An address holds no lone surrogates. */
const wellFormed = (value: unknown) => String(value).toWellFormed();

function judge({ operation }: Request, answer: Answer): void {
  const where = `${operation.id}: ${answer.status} ${answer.text.slice(0, 300)}`;
  expect(answer.status, where).not.toBe(500);
  expect(answer.headers.get("x-request-id"), where).toMatch(/^req_/);
  expect(answer.headers.get("x-content-type-options"), where).toBe("nosniff");
  expect(answer.headers.getSetCookie().join(), where).not.toContain("a=b");
  for (const secret of victim.secrets) expect(answer.text.includes(secret), where).toBe(false);
  if (answer.status < 400) {
    expect(operation.statuses, where).toContain(String(answer.status));
    return;
  }
  expect(answer.headers.get("content-type"), where).toBe("application/problem+json");
  expect(answer.body, where).toMatchObject({
    status: answer.status,
    code: expect.stringMatching(/^[a-z_]+(\.[a-z_]+)?$/),
    title: expect.any(String),
    next: expect.any(Array),
    request: answer.headers.get("x-request-id"),
  });
  if (answer.body.code !== "route.not_found" && !always.has(String(answer.status)))
    expect(operation.statuses, where).toContain(String(answer.status));
}

test("a member that every object of the language has by birth is one that no body has: refused or passed over, in every request", async () => {
  const born = ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"];
  for (const operation of operations.filter(({ body }) => body))
    for (const member of born)
      for (const value of ["1", "{}", "[]", `{"${member}":{"admin":true}}`]) {
        const path = operation.path.replaceAll(/\{\w+\}/g, member);
        const answer = await api.call(operation.method, path, { token: tokens[0] ?? "", body: `{"${member}":${value}}` });
        expect(answer.status, `${operation.id} ${member}: ${value}`).not.toBe(500);
      }
});

test("twenty thousand hostile requests: no failure of ours, only declared answers, well-formed problems, nothing of another tenant", async () => {
  let refused = 0;
  let done = 0;
  await fc.assert(
    fc.asyncProperty(request, async (each) => {
      const answer = await send(each);
      judge(each, answer);
      if (answer.status < 300) done++;
      else refused++;
    }),
    { numRuns: 20_000, seed: 20_261_121, endOnFailure: true },
  );
  // Neither all let in nor all turned away at the door: the requests reach the verbs.
  expect(done).toBeGreaterThan(1500);
  expect(refused).toBeGreaterThan(5000);
  const after = await api.call("GET", "/v1/apps", { token: victim.token });
  expect(after.body.items).toMatchObject([{ name: "victimshop", slot: true, environments: [{ release: 1, releases: 1 }] }]);
}, 900_000);
