import { readdirSync, readFileSync } from "node:fs";
import { type Scope, scopes } from "@berth/domain/context.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { document } from "../../functions/api/document.ts";
import { testApi } from "../support/api.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly id: string;
  readonly scope: string;
  readonly parameters: { name: string; in: string; required: boolean }[];
  readonly body: boolean;
  readonly success: string[];
  readonly problems: string[];
}

const spec = document();
const operations: Operation[] = Object.entries(spec.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, raw]) => {
    // biome-ignore lint/suspicious/noExplicitAny: the document is JSON
    const operation = raw as any;
    const answers = Object.entries(operation.responses as Record<string, { "x-problems"?: string[] }>);
    return {
      path,
      method: method.toUpperCase(),
      id: operation.operationId,
      scope: operation["x-scope"],
      parameters: operation.parameters,
      body: operation.requestBody !== undefined,
      success: answers.filter(([, answer]) => !answer["x-problems"]).map(([status]) => status),
      problems: answers.flatMap(([, answer]) => answer["x-problems"] ?? []),
    };
  }),
);

const api = testApi();
let owner: TestTenant;
const ids: Record<string, string> = {};
const tokens: Partial<Record<Scope, string>> = {};

beforeAll(async () => {
  owner = await testTenant(api);
  const target = await owner.target("only-theirs");
  const app = await owner.app("only-theirs");
  const job = await owner.deploy(app);
  await owner.work(job);
  for (const scope of scopes) tokens[scope] = await owner.token([scope]);
  const made = await api.call("POST", "/v1/tokens", { token: await owner.token(), body: { name: "x", scopes: ["read"] } });
  Object.assign(ids, {
    target: target.id,
    app,
    job: job.id,
    deployment: job.id,
    token: made.body.id,
    number: "1",
    code: "BCDF-GHJK",
  });
});
afterAll(() => api.close());

const fill = (path: string) => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "missing");

test("openapi.json in the repository is the one the routes make", () => {
  const kept = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8"));
  expect(JSON.parse(JSON.stringify(spec))).toEqual(kept);
});

test("every operation has a name of its own and is described", () => {
  expect(new Set(operations.map(({ id }) => id)).size).toBe(operations.length);
  expect(operations.length).toBeGreaterThan(35);
});

test("every answer a route declares has a test, and every test names an answer that is declared", () => {
  const generated = new Set(["auth.required", "token.scope", "input.invalid", "input.media_type", "input.too_large"]);
  const folder = new URL(".", import.meta.url);
  const text = readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
    .join("\n");
  const covered = new Set(
    [...text.matchAll(/covers\(\s*"(\w+)",\s*"([\w.]+)"/g)].map(([, operation, answer]) => `${operation} ${answer}`),
  );
  const declared = operations.flatMap(({ id, success, problems }) =>
    [...success, ...problems].map((answer) => `${id} ${answer}`),
  );
  const needed = declared.filter((answer) => !generated.has(answer.split(" ")[1] ?? ""));
  expect(needed.filter((answer) => !covered.has(answer))).toEqual([]);
  expect([...covered].filter((answer) => !declared.includes(answer))).toEqual([]);
});

const closed = operations.filter(({ scope }) => scope !== "public");
const given = (operation: Operation, body: () => unknown) => (operation.body ? { body: body() } : {});

describe("without a credential, or with one that was invented, every route but the public ones is refused", () => {
  test.each(closed)("$method $path", async (operation) => {
    const { method, path } = operation;
    expect(
      (
        await api.call(
          method,
          fill(path),
          given(operation, () => ({})),
        )
      ).body,
    ).toMatchObject({ status: 401, code: "auth.required" });
    const token = `berth_test_${"0".repeat(26)}_${"a".repeat(32)}000000`;
    expect((await api.call(method, fill(path), { token })).body.code).toBe("auth.required");
  });
});

/** The scopes that a credential may have of which none is enough for a route, by what the route needs. */
const wrong: Readonly<Record<string, readonly Scope[]>> = {
  deploy: ["read", "billing"],
  admin: ["read", "deploy", "billing"],
  billing: ["read", "deploy", "admin"],
};

describe("without the scope a route needs it is refused, before anything else is looked at", () => {
  test.each(closed.filter(({ scope }) => scope !== "session" && scope !== "read"))("$method $path", async (operation) => {
    const scopes = wrong[operation.scope] ?? [];
    expect(scopes.length).toBeGreaterThan(0);
    for (const scope of scopes) {
      const answer = await api.call(operation.method, fill(operation.path), {
        token: tokens[scope] ?? "",
        ...given(operation, () => example(operation)),
      });
      expect(answer.body, scope).toMatchObject({ status: 403, code: "token.scope" });
    }
  });
  test("every route that reads may be read with the smallest scope, and says what it needs", () => {
    for (const { problems } of closed.filter(({ scope }) => scope === "read")) expect(problems).toContain("token.scope");
  });
});

describe("another tenant's thing is not found, whatever is asked of it", () => {
  test.each(closed.filter(({ path }) => /\{(target|app|job|token|deployment)\}/.test(path)))(
    "$method $path",
    async (operation) => {
      const stranger = await testTenant(api);
      const token = await stranger.token();
      const answer = await api.call(operation.method, fill(operation.path), {
        token,
        ...given(operation, () => example(operation)),
      });
      expect(answer.status).toBe(404);
      expect(answer.text).not.toContain(owner.id);
    },
  );
});

describe("a body that is not JSON, and one with wrong fields, is refused with every field named", () => {
  test.each(operations.filter(({ problems }) => problems.includes("input.invalid")))("$method $path", async (operation) => {
    const credential = operation.scope === "public" ? {} : { token: await owner.token() };
    const answer = await api.call(operation.method, badPath(operation), { ...credential, ...given(operation, () => BAD) });
    expect(answer.body).toMatchObject({ status: 422, code: "input.invalid" });
    expect(answer.body.detail).toMatch(/^(body|query|path)/);
    if (!operation.body) return;
    const broken = await api.call(operation.method, fill(operation.path), { ...credential, body: "{" });
    expect(broken.body).toMatchObject({ status: 422, code: "input.invalid" });
  });
});

describe("a body that is no JSON by its header, too large or too deep is refused before it is read", () => {
  test.each(operations.filter(({ body }) => body))("$method $path", async (operation) => {
    const credential = operation.scope === "public" ? {} : { token: await owner.token() };
    const ask = (body: string, headers = {}) =>
      api.call(operation.method, fill(operation.path), { ...credential, body, headers });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
      expect((await ask("{}", { "content-type": type })).body).toMatchObject({ status: 415, code: "input.media_type" });
    expect((await ask(JSON.stringify({ x: "x".repeat(1024 * 1024) }))).body).toMatchObject({
      status: 413,
      code: "input.too_large",
    });
    const deep = `{"x":${"[".repeat(70)}"]}{"${"]".repeat(70)}}`;
    expect((await ask(deep)).body).toMatchObject({ status: 422, detail: expect.stringContaining("nested") });
  });
});

/** An object whose names are the sender's; one that only ignores names it does not know is as large as the body may be. */
const isMapping = ({ additionalProperties: values }: Record<string, unknown>) =>
  typeof values === "object" && values !== null && Object.keys(values).length > 0;

/** Where a schema of a request lets a text, a list or a mapping be of any size. */
function endless(schema: unknown, path: string): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((each, i) => endless(each, `${path}[${i}]`));
  const node = schema as Record<string, unknown>;
  const bounded = node.enum !== undefined || node.const !== undefined;
  const types = [node.type].flat();
  return [
    ...(types.includes("string") && !bounded && node.maxLength === undefined ? [`${path}: text`] : []),
    ...(types.includes("array") && node.maxItems === undefined ? [`${path}: list`] : []),
    ...(isMapping(node) && node.maxProperties === undefined ? [`${path}: mapping`] : []),
    ...Object.entries(node).flatMap(([name, each]) => endless(each, `${path}.${name}`)),
  ];
}

test("every text, list and mapping that a request may hold has a most", () => {
  const found = Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, raw]) => {
      // biome-ignore lint/suspicious/noExplicitAny: the document is JSON
      const { parameters, requestBody } = raw as any;
      return [
        ...parameters.flatMap((each: { name: string; schema: unknown }) =>
          endless(each.schema, `${method} ${path} ${each.name}`),
        ),
        ...endless(requestBody?.content?.["application/json"]?.schema, `${method} ${path}`),
      ];
    }),
  );
  expect(found).toEqual([]);
});

/** A body that is wrong for every route. */
const BAD = {
  email: 1,
  code: 1,
  client: "",
  deviceCode: 1,
  approve: "yes",
  name: "NOT A NAME",
  scopes: ["everything"],
  plan: "free",
  session: 1,
  host: "",
  fingerprint: "MD5:00",
  template: "zip",
  bundle: {},
  release: 0,
  environment: "NOT A NAME",
};

function badPath({ path, parameters, body }: Operation): string {
  const long = "x".repeat(300);
  if (body) return fill(path);
  const query = parameters.filter((each) => each.in === "query");
  if (query.length > 0) {
    const bad: Record<string, string> = {
      limit: "0",
      wait: "99",
      tail: "0",
      environment: "NO",
      since: "yesterday",
      volumes: "eat",
    };
    const name = query.map((each) => each.name).find((each) => bad[each] !== undefined) ?? query[0]?.name ?? "";
    return `${fill(path)}?${name}=${bad[name] ?? long}`;
  }
  return path.replaceAll(/\{(\w+)\}/g, () => long);
}

/** A body every field of which is well formed. */
function example({ id }: Operation): unknown {
  const bodies: Record<string, unknown> = {
    answerDevice: { approve: true },
    createToken: { name: "n", scopes: ["read"] },
    startCheckout: { plan: "solo" },
    changePlan: { plan: "pro" },
    addTarget: { name: "web9", host: "127.0.0.1" },
    trustTarget: { fingerprint: `SHA256:${"f".repeat(43)}` },
    createApp: { name: "only-theirs" },
    createImport: { document: { format: "berth-self-hosted", version: 1 } },
    createDeployment: { bundle: { compose: "services:\n  web:\n    image: a\n" } },
  };
  return bodies[id] ?? {};
}

test("every answer carries a request id and the headers that keep browsers safe", async () => {
  for (const path of ["/health", "/v1/plans", "/v1/nowhere", "/v1/me"]) {
    const { headers } = await api.call("GET", path);
    expect(headers.get("x-request-id")).toMatch(/^req_/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("cache-control")).toBe("no-store");
  }
});

test("an answer to somebody known says where the tenant stands, with the date in grace", async () => {
  const tenant = await testTenant(api, { state: "grace" });
  const { headers } = await api.call("GET", "/v1/apps", { token: await tenant.token() });
  expect(headers.get("berth-entitlement")).toMatch(/^grace; until=20\d\d-/);
});

test("an address that does not exist is a problem, and a failure of ours shows nothing of its cause", async () => {
  expect((await api.call("GET", "/v1/nowhere")).body).toMatchObject({ code: "route.not_found", status: 404 });
  const broken = testApi();
  broken.world.table.client.send = () => Promise.reject(new Error("secret inner words"));
  const answer = await broken.call("POST", "/v1/auth/code", { body: { email: "a@example.com" } });
  expect(answer.body).toMatchObject({ status: 500, code: "internal" });
  expect(answer.text).not.toContain("secret inner words");
  broken.close();
});

test("/health lives without a credential, and /health/ready names components only to somebody known", async () => {
  expect((await api.call("GET", "/health/ready")).body).toEqual({ ok: true });
  expect((await api.call("GET", "/health/ready", { token: await owner.token() })).body).toEqual({
    ok: true,
    components: { table: "ok" },
  });
});
