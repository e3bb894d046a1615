import { listAudit } from "@berth/domain/audit/audit.ts";
import { expect, test } from "vitest";
import { failed, scriptedReach } from "../support/reach.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { added, api, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { refusedIn } from "./entitled.ts";

useApi();

const ask = (token: string, body: unknown = { what: "docker" }, headers = {}) =>
  api.call("POST", "/v1/targets/web1/prepare", { token, body, headers });
async function confirmed() {
  const tenant = await testTenant(api);
  const { id } = await tenant.target();
  return { tenant, id, token: await tenant.token() };
}

covers(
  "prepareTarget",
  "202",
  "what was asked for is run on the server over its key, under its lease, and both ends are in the audit log",
  async () => {
    const { tenant, id, token } = await confirmed();
    const reach = scriptedReach();
    const { body: job } = await ask(token);
    expect(await tenant.work(job, reach)).toMatchObject({ kind: "target.prepare", status: "succeeded" });
    expect(reach.runs).toMatchObject([{ op: "prepare", fence: 1, values: { what: "docker", resource: id } }]);
    const { items } = await listAudit(tenant.ctx, { limit: 20 });
    for (const line of [
      { action: "target.prepared", subject: id, result: "succeeded" },
      { action: "target.prepare", subject: id, detail: "docker" },
    ])
      expect(items).toContainEqual(expect.objectContaining(line));
  },
);

test("what the server cannot do is said with what to do about it", async () => {
  const { tenant, token } = await confirmed();
  const reach = scriptedReach();
  reach.next(() => failed({ class: "docker.unpackaged", message: "This server is Alpine" }));
  const job = await tenant.work((await ask(token, { what: "docker" })).body, reach);
  expect(job).toMatchObject({ failure: { class: "docker.unpackaged", remedy: expect.stringContaining("docs.docker.com") } });
});

test("nothing at all, and what is not on the list, is refused", async () => {
  const { token } = await confirmed();
  for (const body of [{}, { what: "everything" }, { what: "passwords.off; reboot" }])
    expect((await ask(token, body)).body.code).toBe("input.invalid");
});

covers("prepareTarget", "target.untrusted", "nothing is prepared before somebody has confirmed the host key", async () => {
  const { token } = await added();
  expect((await ask(token)).body).toMatchObject({ status: 409, code: "target.untrusted" });
});

covers("prepareTarget", "target.not_found", "an unknown server is not found", async () => {
  const token = await (await testTenant(api)).token();
  expect((await ask(token)).body.code).toBe("target.not_found");
});

covers("prepareTarget", "rate.limited", "so many a minute", async () => {
  const { token } = await confirmed();
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 31; i++) codes.push((await ask(token)).body.code);
  expect(codes.at(-1)).toBe("rate.limited");
});

covers("prepareTarget", "idempotency.mismatch", "a key used for another request is refused", async () => {
  const { token } = await confirmed();
  const headers = { "idempotency-key": "k" };
  const { body: first } = await ask(token, { what: "docker" }, headers);
  expect((await ask(token, { what: "docker" }, headers)).body.id).toBe(first.id);
  expect((await ask(token, { what: "passwords.on" }, headers)).body.code).toBe("idempotency.mismatch");
});

covers(
  "prepareTarget",
  "idempotency.busy",
  "of two at once with one key one is accepted and one is told to ask again",
  async () => {
    const { token } = await confirmed();
    const headers = { "idempotency-key": "k" };
    const answers = await Promise.all([ask(token, undefined, headers), ask(token, undefined, headers)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe("idempotency.busy");
  },
);

const asOwner = async (tenant: TestTenant) => ask(await tenant.token());
covers("prepareTarget", "billing.required", "needs a plan", () => refusedIn(api, "none", asOwner));
covers("prepareTarget", "billing.grace", "is paused in grace, with the date", () => refusedIn(api, "grace", asOwner));
covers("prepareTarget", "billing.restricted", "is off when the bill stays unpaid", () => refusedIn(api, "restricted", asOwner));
covers("prepareTarget", "billing.hold", "is off while a payment is disputed", () => refusedIn(api, "hold", asOwner));
