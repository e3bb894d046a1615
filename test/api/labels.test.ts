import { listAudit } from "@berth/domain/audit/audit.ts";
import { LABELS_MOST } from "@berth/domain/target/label.ts";
import { expect, test } from "vitest";
import { COMPOSE, testTenant } from "../support/tenant.ts";
import { api, useApi } from "./added.ts";
import { covers } from "./covers.ts";

useApi();

async function labelled() {
  const tenant = await testTenant(api);
  const { id } = await tenant.target();
  const token = await tenant.token();
  const label = (body: object) => api.call("POST", "/v1/targets/web1/labels", { token, body });
  return { tenant, id, token, label };
}

covers(
  "labelTarget",
  "200",
  "labels are added and taken off, twice comes to the same, and one change is one line of the audit log",
  async () => {
    const { tenant, id, token, label } = await labelled();
    expect((await label({ add: ["gpu", "eu"] })).body).toMatchObject({ id, labels: ["eu", "gpu"] });
    expect((await label({ add: ["eu"] })).body.labels).toEqual(["eu", "gpu"]);
    expect((await label({ add: ["old"], remove: ["gpu", "never-there"] })).body.labels).toEqual(["eu", "old"]);
    expect((await api.call("GET", "/v1/targets/web1", { token })).body.labels).toEqual(["eu", "old"]);
    const { items } = await listAudit(tenant.ctx, { limit: 20 });
    expect(
      items
        .filter(({ action }) => action === "target.label")
        .map(({ detail }) => detail)
        .sort(),
    ).toEqual(["eu, gpu", "eu, old"]);
  },
);

test("of many labels added at once none is lost", async () => {
  const { token, label } = await labelled();
  const words = ["a", "b", "c", "d", "e"];
  expect((await Promise.all(words.map((word) => label({ add: [word] })))).map(({ status }) => status)).toEqual(
    words.map(() => 200),
  );
  expect((await api.call("GET", "/v1/targets/web1", { token })).body.labels).toEqual(words);
});

test("a label is a plain word", async () => {
  const { label } = await labelled();
  for (const word of ["", "EU", "a=b", "a b", "-a", "x".repeat(40)])
    expect((await label({ add: [word] })).body.code).toBe("input.invalid");
});

covers("labelTarget", "target.labels_full", "ten are the most", async () => {
  const { label } = await labelled();
  const words = Array.from({ length: LABELS_MOST }, (_, i) => `label-${i}`);
  expect((await label({ add: words })).status).toBe(200);
  expect((await label({ add: ["more"] })).body.code).toBe("target.labels_full");
  expect((await label({ add: ["more"], remove: ["label-0"] })).status).toBe(200);
});

covers("labelTarget", "target.not_found", "an unknown server is not found", async () => {
  const token = await (await testTenant(api)).token();
  expect((await api.call("POST", "/v1/targets/none/labels", { token, body: { add: ["eu"] } })).body.code).toBe(
    "target.not_found",
  );
});

covers(
  "useTarget",
  "200",
  "an app whose first deployment names no server goes to the account's default, of which there is one",
  async () => {
    const { tenant, token } = await labelled();
    await tenant.target("web2");
    await tenant.app("shop");
    const deploy = () => api.call("POST", "/v1/apps/shop/deployments", { token, body: { bundle: { compose: COMPOSE } } });
    expect((await deploy()).body.code).toBe("deployment.no_target");
    const use = (name: string) => api.call("POST", `/v1/targets/${name}/default`, { token });
    await Promise.all([use("web1"), use("web2"), use("web1")]);
    expect((await use("web2")).body).toMatchObject({ name: "web2", default: true });
    expect((await use("web2")).body).toMatchObject({ name: "web2", default: true });
    const { items } = (await api.call("GET", "/v1/targets", { token })).body;
    expect(items.filter((each: { default?: boolean }) => each.default)).toMatchObject([{ name: "web2" }]);
    const { body: job } = await deploy();
    expect(Object.values(job.rollouts)).toMatchObject([{ name: "web2" }]);
  },
);

covers("useTarget", "target.not_found", "an unknown server is not found", async () => {
  const token = await (await testTenant(api)).token();
  expect((await api.call("POST", "/v1/targets/none/default", { token })).body.code).toBe("target.not_found");
});
