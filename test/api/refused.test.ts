import type { Scope } from "@berth/domain/scope.ts";
import { describe, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { api, ids, type Operation, operations, owner, tokens, useApi } from "./operations.ts";

useApi();

const fill = (path: string) => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "missing");

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
  plan: ["read", "billing"],
  deploy: ["read", "plan", "billing"],
  admin: ["read", "plan", "deploy", "billing"],
  billing: ["read", "plan", "deploy", "admin"],
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
  test.each(closed.filter(({ path }) => /\{(target|app|job|token|deployment|host)\}/.test(path)))(
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
  let shared: Promise<string> | undefined;
  test.each(operations.filter(({ body }) => body))("$method $path", async (operation) => {
    shared ??= owner.token();
    const credential = operation.scope === "public" ? {} : { token: await shared };
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
  add: "eu",
  targets: "all",
  template: "zip",
  kind: "mongo",
  memory: "much",
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
    addDeployer: { provider: "github", app: "shop", repository: "me/shop", ref: "refs/heads/main" },
    exchangeIdentity: { deployer: "dpr_none", token: "none" },
    createToken: { name: "n", scopes: ["read"] },
    startCheckout: { plan: "solo" },
    changePlan: { plan: "pro" },
    addTarget: { name: "web9", host: "127.0.0.1" },
    trustTarget: { fingerprint: `SHA256:${"f".repeat(43)}` },
    labelTarget: { add: ["eu"] },
    prepareTarget: { what: "docker" },
    bootstrapTarget: { password: "secret" },
    addRegistry: { host: "r.example", user: "mona", password: "secret" },
    addAddon: { kind: "redis" },
    setAddon: { memory: "1g" },
    setPolicy: { rules: { privileged: "deny" } },
    setVariables: { kind: "secret", values: { TOKEN: "a secret" } },
    revealVariable: { reason: "a test" },
    createApp: { name: "only-theirs" },
    createImport: { document: { format: "berth-self-hosted", version: 1 } },
    prepareArchives: { archives: [{ hash: "a".repeat(64), bytes: 1 }] },
    createPlan: { bundle: { compose: "services:\n  web:\n    image: a\n" } },
    createDeployment: { bundle: { compose: "services:\n  web:\n    image: a\n" } },
  };
  return bodies[id] ?? {};
}
