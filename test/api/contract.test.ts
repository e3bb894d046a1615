import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { testTenant } from "../support/tenant.ts";
import { api, operations, owner, spec, useApi } from "./operations.ts";

useApi();

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
