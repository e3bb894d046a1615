import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { COMPOSE } from "../support/tenant.ts";
import { covers } from "./covers.ts";
import { api, bundle, post, ready, useApi } from "./deploying.ts";

useApi();

test("the release that reaches the server is byte for byte the bundle, whatever its names and values hold", async () => {
  const { tenant, token } = await ready();
  const variables = { GREETING: `it's "$(id)" \`x\` \\ \n über` };
  const files = [{ path: "conf/a b'c.txt", content: Buffer.from("x\0\u{1F600}").toString("base64") }];
  const reach = scriptedReach();
  const answer = await api.call("POST", "/v1/apps/shop/deployments", {
    token,
    body: { bundle: { ...bundle, files, variables } },
  });
  await tenant.work(answer.body, reach);
  const sent = new Map(
    reach.runs[0]?.files.map((file) => [file.path, Buffer.from(file.content as Uint8Array).toString("base64")]),
  );
  expect(sent.get("conf/a b'c.txt")).toBe(files[0]?.content);
  expect(Buffer.from(sent.get("compose.yaml") ?? "", "base64").toString()).toBe(COMPOSE);
});

covers("createDeployment", "compose.invalid", "what is not a Compose file is refused with the place", async () => {
  const { tenant } = await ready();
  for (const compose of [
    "a: [",
    "\n",
    "services: []",
    "services:\n  web: {}\n",
    "services:\n  web:\n    image: a\n    image: b\n",
  ]) {
    const { body } = await post("/v1/apps/shop/deployments", { bundle: { compose } })(tenant);
    expect(body).toMatchObject({ status: 422, code: "compose.invalid" });
    expect(body.detail.length).toBeGreaterThan(10);
  }
});

test("a Compose file is not read for who may not deploy it", async () => {
  const { tenant } = await ready();
  const broken = { bundle: { compose: "a: [" } };
  expect((await post("/v1/apps/none/deployments", broken)(tenant)).body.code).toBe("app.not_found");
  await tenant.entitle("restricted");
  expect((await post("/v1/apps/shop/deployments", broken)(tenant)).body.code).toBe("billing.restricted");
});

test("variables may be called as in any file of variables, and have an end", async () => {
  const { tenant } = await ready();
  const asked = async (variables: Record<string, string>) =>
    (await post("/v1/apps/shop/deployments", { bundle: { compose: "services: {web: {build: .}}", variables } })(tenant)).body
      .code;
  const names = ["app.datasource.url", "a-b", "a[0]", "1a", "_", "é", "x\ty", "n".repeat(200)];
  expect(await asked(Object.fromEntries(names.map((name) => [name, "x"])))).toBe("compose.unsupported");
  for (const name of ["", " ", "a b", "a=b", "a\n", "\ta", "a'", "a#", "n".repeat(201)])
    expect(await asked({ [name]: "x" }), JSON.stringify(name)).toBe("input.invalid");
  expect(await asked({ a: "\0" })).toBe("input.invalid");
  expect(await asked(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`v${i}`, ""])))).toBe("input.invalid");
});

covers(
  "createDeployment",
  "compose.unsupported",
  "what is built from a folder that was not sent is refused, with the service",
  async () => {
    const { tenant } = await ready();
    const build = await post("/v1/apps/shop/deployments", { bundle: { compose: "services:\n  web:\n    build: .\n" } })(tenant);
    expect(build.body).toMatchObject({ code: "compose.unsupported", feature: "build", service: "web" });
  },
);

covers("createDeployment", "compose.no_service", "an image for a service that is not deployed is refused", async () => {
  const { tenant } = await ready();
  const answer = await post("/v1/apps/shop/deployments", { bundle, images: { none: "a:1" } })(tenant);
  expect(answer.body).toMatchObject({ status: 422, code: "compose.no_service", detail: expect.stringContaining('"none"') });
  for (const images of [{ web: "-v" }, { web: "a b" }, { "-": "a\n" }, { "a/b": "a" }, { web: "$X" }])
    expect((await post("/v1/apps/shop/deployments", { bundle, images })(tenant)).body.code).toBe("input.invalid");
});

test("an image that is named for a service with a build goes with the release: it is listed, and a rollback and a start have it", async () => {
  const { tenant, token } = await ready();
  const image = `ghcr.io/acme/web@sha256:${"a".repeat(64)}`;
  const built = { compose: "services:\n  web:\n    build: .\n  db:\n    image: postgres:17\n" };
  const reach = scriptedReach();
  const work = async (path: string, body: object) => tenant.work((await post(path, body)(tenant)).body, reach);
  const override = () => reach.runs.at(-1)?.files.find(({ path }) => path === ".berth-images.yaml")?.content;
  const expected = `services:\n  "web":\n    image: "${image}"\n    build: !reset null\n    pull_policy: !reset null\n`;
  await work("/v1/apps/shop/deployments", { bundle: built, images: { web: image } });
  expect(override()).toBe(expected);
  await work("/v1/apps/shop/start", {});
  expect(override()).toBe(expected);
  await work("/v1/apps/shop/deployments", { bundle });
  expect(override()).toBeUndefined();
  expect(await work("/v1/apps/shop/rollback", {})).toMatchObject({ status: "succeeded", release: 1 });
  expect(override()).toBe(expected);
  const { body } = await api.call("GET", "/v1/apps/shop/releases", { token });
  expect(body.items[1].services).toEqual([
    { name: "web", image, given: true },
    { name: "db", image: "postgres:17" },
  ]);
});

covers("createDeployment", "bundle.too_large", "more than 256 KB compressed is refused with a hint", async () => {
  const { tenant } = await ready();
  const content = randomBytes(300 * 1024).toString("base64");
  const answer = await post("/v1/apps/shop/deployments", { bundle: { ...bundle, files: [{ path: "big", content }] } })(tenant);
  expect(answer.body).toMatchObject({ status: 413, code: "bundle.too_large", detail: expect.stringMatching(/\d+ KB/) });
});

covers("createDeployment", "input.too_large", "more than a megabyte is refused before it is read", async () => {
  const { tenant } = await ready();
  const answer = await post("/v1/apps/shop/deployments", { bundle: { compose: "x".repeat(1024 * 1024) } })(tenant);
  expect(answer.body).toMatchObject({ status: 413, code: "input.too_large" });
});

const MEGABYTE = 1024 * 1024;
const hash = "a".repeat(64);
const large = (path: string, more = {}) => ({ path, hash, bytes: 1000, checksum: 1, ...more });
const withLarge = (files: object[], archives: object[] = [{ hash, bytes: 500 }]) => ({
  bundle: { ...bundle, large: { files, archives } },
});

test("large files reach the server as lines, with their archives, at a deployment and at a rollback", async () => {
  const { tenant } = await ready();
  const reach = scriptedReach();
  const work = async (path: string, body: object) => tenant.work((await post(path, body)(tenant)).body, reach);
  await work("/v1/apps/shop/deployments", withLarge([large("site/./a b"), large("run.sh", { executable: true })]));
  const sent = { large: `${hash}\t-\t1 1000\tsite/a b\n${hash}\tx\t1 1000\trun.sh\n` };
  expect(reach.runs.at(-1)).toMatchObject({ values: sent, archives: { list: [], mounted: [{ hash, bytes: 500 }] } });
  await work("/v1/apps/shop/deployments", { bundle });
  expect(reach.runs.at(-1)?.values.large).toBeUndefined();
  expect(await work("/v1/apps/shop/rollback", {})).toMatchObject({ status: "succeeded", release: 1 });
  expect(reach.runs.at(-1)).toMatchObject({ values: sent, archives: { list: [], mounted: [{ hash, bytes: 500 }] } });
});

test("a large file is refused that leads out of the folder, takes a place of ours or another's, or has no proper name", async () => {
  const { tenant } = await ready();
  const code = async (asked: object) => (await post("/v1/apps/shop/deployments", asked)(tenant)).body.code;
  for (const path of ["../a", "/etc/a", "a/../../b", ".env", "compose.yaml", "a\nb", "a\tb"])
    expect(await code(withLarge([large(path)])), JSON.stringify(path)).toBe("input.invalid");
  expect(await code(withLarge([large("a"), large("./a")]))).toBe("input.invalid");
  const both = withLarge([large("a/b")]);
  const small = { ...both.bundle, files: [{ path: "a", content: "" }] };
  expect(await code({ bundle: small })).toBe("input.invalid");
  for (const more of [{ hash: "../x" }, { checksum: -1 }, { checksum: 2 ** 32 }, { bytes: -1 }])
    expect(await code(withLarge([large("a", more)])), JSON.stringify(more)).toBe("input.invalid");
  expect(await code(withLarge([large("a")], []))).toBe("input.invalid");
});

test("no large file is what Compose itself reads: a server plans without it, and would do another thing", async () => {
  const { tenant } = await ready();
  const text = (compose: string) => Buffer.from(compose).toString("base64");
  const inner = "services:\n  web:\n    image: nginx:1\n    volumes: ['$WHERE/data:/data']\n";
  const code = async (compose: string, path: string) => {
    const files = [
      { path: "compose.yaml", content: text(compose) },
      { path: "sub/a.yaml", content: text(inner) },
    ];
    const asked = { ...withLarge([large(path)]).bundle, compose: undefined, composeFiles: ["compose.yaml"], files };
    return (await post("/v1/apps/shop/deployments", { bundle: asked })(tenant)).body.code;
  };
  const include = "include: [./sub/a.yaml]\n";
  const web = "services:\n  web:\n    image: nginx:1\n";
  expect(await code(include, "sub/.env")).toBe("input.invalid");
  expect(await code(`${web}    env_file: [{ path: ./x/y.env, required: false }]\n`, "x/y.env")).toBe("input.invalid");
  expect(await code(`${web}    label_file: x/labels\n`, "x/labels")).toBe("input.invalid");
  expect(await code(`${web}# \u0085include: [sub/a.yaml]\n`, "sub/.env")).toBe("input.invalid");
  expect(await code(include, "sub/data")).toBeUndefined();
});

test("large files are too large in all, before and after they are compressed", async () => {
  const { tenant } = await ready();
  const half = (path: string) => large(path, { bytes: 600 * MEGABYTE });
  const answer = await post("/v1/apps/shop/deployments", withLarge([half("a"), half("b")]))(tenant);
  expect(answer.body).toMatchObject({ code: "bundle.too_large", detail: expect.stringContaining("1200 MB") });
  const archives = [{ hash, bytes: 150 * MEGABYTE }];
  const all = {
    ...bundle,
    archives,
    large: { files: [large("a")], archives: [{ hash: "b".repeat(64), bytes: 100 * MEGABYTE }] },
  };
  expect((await post("/v1/apps/shop/deployments", { bundle: all })(tenant)).body.code).toBe("bundle.too_large");
});
