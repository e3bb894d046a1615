import { cancelOf } from "@berth/domain/engine/input.ts";
import { addRegistry } from "@berth/domain/registry/add.ts";
import { hostOf, registryHost, registryOf } from "@berth/domain/remote/registry-host.ts";
import { afterAll, describe, expect, test } from "vitest";
import { failed, scriptedReach } from "../support/reach.ts";
import { COMPOSE, type TestTenant, testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

const PASSWORD = "canary-77aa";
async function settled(): Promise<TestTenant> {
  const tenant = await testTenant(t);
  await tenant.target();
  await tenant.app();
  for (const host of ["ghcr.io", "r.example:5000", "docker.io"])
    await addRegistry(tenant.ctx, { host, user: `at-${host}`.replace(":", "-"), password: `${PASSWORD}-${host}` });
  return tenant;
}
const composeOf = (...images: string[]) => `services:\n${images.map((image, i) => `  s${i}:\n    image: ${image}\n`).join("")}`;
const given = async (tenant: TestTenant, compose: string, reach = scriptedReach()) => {
  await tenant.work(await tenant.deploy("shop", { compose }), reach);
  return reach.runs
    .at(-1)
    ?.logins?.map(({ registry }) => registry)
    .sort();
};

test("a run has the logins of exactly the registries that its images name", async () => {
  const tenant = await settled();
  expect(await given(tenant, composeOf("ghcr.io/a/b:1", "r.example:5000/c"))).toEqual(["ghcr.io", "r.example:5000"]);
  expect(await given(await settled(), composeOf("redis:7", "quay.io/a/b"))).toEqual(["docker.io"]);
  expect(await given(await settled(), composeOf("quay.io/a/b"))).toEqual([]);
});

test("and of those that the live release names, which a failure starts again", async () => {
  const tenant = await settled();
  await given(tenant, composeOf("ghcr.io/a/b:1"));
  expect(await given(tenant, composeOf("r.example:5000/c:1"))).toEqual(["ghcr.io", "r.example:5000"]);
  expect(await given(tenant, composeOf("r.example:5000/c:2"))).toEqual(["r.example:5000"]);
});

test("another tenant's logins are nobody else's", async () => {
  await settled();
  const other = await testTenant(t);
  await other.target();
  await other.app();
  expect(await given(other, composeOf("ghcr.io/a/b:1"))).toEqual([]);
});

test("who stops a run gives it its logins: what it undoes may have to be pulled", () => {
  const logins = [{ registry: "ghcr.io", user: "mona", password: PASSWORD }];
  const run = { op: "deploy", job: "job_1", fence: 1, from: 0, files: [], values: {}, logins } as const;
  expect(cancelOf(run)).toMatchObject({ op: "cancel", logins });
});

test("a password that the server prints, in whatever form, is in no event, failure or row", async () => {
  const tenant = await settled();
  const reach = scriptedReach();
  const secret = `${PASSWORD}-ghcr.io`;
  const base64 = Buffer.from(`at-ghcr.io:${secret}`).toString("base64");
  reach.next((_, tell) => {
    tell({ type: "log", text: `auth ${base64} of ${secret} and ${encodeURIComponent(secret)}` });
    return failed({
      class: "registry.denied",
      message: `ghcr.io refused the login of at-ghcr.io\n${secret}`,
      data: { registry: "ghcr.io", login: "at-ghcr.io" },
    });
  });
  const job = await tenant.work(await tenant.deploy("shop", { compose: composeOf("ghcr.io/a/b:1") }), reach);
  expect(job.failure).toMatchObject({
    message: "ghcr.io refused the login of at-ghcr.io\n[secret]",
    remedy: expect.stringContaining("berth registry add ghcr.io --user at-ghcr.io"),
  });
  expect(t.dump()).not.toContain(PASSWORD);
  expect(t.dump()).not.toContain(base64.slice(16));
});

test("a server that names a registry which is none is not quoted in what to do", async () => {
  const tenant = await settled();
  const reach = scriptedReach();
  reach.next(() => failed({ class: "registry.denied", data: { registry: "$(id)", login: "x" } }));
  const job = await tenant.work(await tenant.deploy("shop", { compose: COMPOSE }), reach);
  expect(job.failure?.remedy).toContain("berth registry add REGISTRY --user USER");
});

describe("the registry of an image is the one that Docker would ask", () => {
  test.each([
    ["redis", "docker.io"],
    ["redis:7", "docker.io"],
    ["mona/shop:1", "docker.io"],
    ["docker.io/library/redis", "docker.io"],
    ["index.docker.io/mona/shop", "docker.io"],
    ["ghcr.io/mona/shop@sha256:00", "ghcr.io"],
    ["localhost/shop", "localhost"],
    ["localhost:5000/shop:1", "localhost:5000"],
    ["r.example:5000/a/b/c:1", "r.example:5000"],
  ])("%s: %s", (image, registry) => expect(registryOf(image)).toBe(registry));

  test.each([
    ["https://ghcr.io/", "ghcr.io"],
    ["https://index.docker.io/v1/", "docker.io"],
    [" GHCR.io ", "ghcr.io"],
    ["hub.docker.com", "docker.io"],
  ])("%s is written %s", (text, host) => {
    expect(hostOf(text)).toBe(host);
    expect(host).toMatch(registryHost);
  });
});
