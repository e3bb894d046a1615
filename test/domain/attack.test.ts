import { TransactWriteCommand, type TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { getApp } from "@berth/domain/app/app.ts";
import { createApp } from "@berth/domain/app/create.ts";
import { listAudit } from "@berth/domain/audit/audit.ts";
import { requestCode, verifyCode } from "@berth/domain/auth/code.ts";
import { deploy, rollback } from "@berth/domain/deployment/deploy.ts";
import { removeApp } from "@berth/domain/deployment/remove.ts";
import { rollout } from "@berth/domain/engine/rollout.ts";
import type { Job } from "@berth/domain/job/job.ts";
import { network } from "@berth/domain/rate-limit.ts";
import { addTarget } from "@berth/domain/target/add.ts";
import { listTargets } from "@berth/domain/target/target.ts";
import { describe, expect, test } from "vitest";
import { failed, scriptedReach } from "../support/reach.ts";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";
import { bundle, made, outcome, settled, useWorld } from "./settled.ts";

useWorld();

type Line = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

/** Does something else just before the first commit with such a line, as another process might. */
async function beforeCommit(which: (line: Line) => boolean, other: () => Promise<unknown>, work: () => Promise<unknown>) {
  const { client } = made.world.table;
  const send = client.send.bind(client);
  let done = false;
  const late = async (...given: Parameters<typeof send>) => {
    const [command] = given;
    if (!done && command instanceof TransactWriteCommand && command.input.TransactItems?.some(which)) {
      done = true;
      await other();
    }
    return send(...given);
  };
  client.send = late as typeof send; // of its overloads only the one without a callback is ever called
  try {
    await work();
  } finally {
    client.send = send;
  }
  expect(done, "somebody got ahead").toBe(true);
}
const messageOf = (job: Job | undefined) => ({ job: job?.id ?? "", target: Object.keys(job?.rollouts ?? {})[0] ?? "" });

const visitor = { browser: "b".repeat(43), ip: "203.0.113.9", client: "a test" };

describe("signing in", () => {
  test("of a hundred guesses at once five are looked at, even when the right one is the last", async () => {
    const email = "guess@example.com";
    await requestCode(made.world, { email, ...visitor });
    const right = made.code(email);
    const wrong = Array.from({ length: 99 }, (_, i) => String((Number(right) + i + 1) % 1_000_000).padStart(6, "0"));
    const all = await Promise.all([...wrong, right].map((code) => outcome(verifyCode(made.world, { email, code, ...visitor }))));
    expect(all.filter((each) => each === "done")).toEqual([]);
    expect(await outcome(verifyCode(made.world, { email, code: right, ...visitor }))).toBe("rate.limited");
  });

  test("the right code twice at once is one session", async () => {
    const email = "twice@example.com";
    await requestCode(made.world, { email, ...visitor });
    const code = made.code(email);
    const all = await Promise.all([0, 1].map(() => outcome(verifyCode(made.world, { email, code, ...visitor }))));
    expect(all.sort()).toEqual(["auth.code_wrong", "done"]);
  });

  test("whoever has a line's whole IPv6 network still is one caller", async () => {
    const ask = (i: number) =>
      outcome(requestCode(made.world, { email: `flood${i}@example.com`, browser: "b", ip: `2001:db8:1:2::${i.toString(16)}` }));
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(i)));
    expect(all.filter((each) => each === "done")).toHaveLength(30);
    expect(all.filter((each) => each === "rate.limited")).toHaveLength(10);
  });

  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["2001::1:2:3:4:5:6", "2001:0:1:2"],
    ["::ffff:203.0.113.7", "::ffff:203.0.113.7"],
    ["unknown", "unknown"],
  ])("the network of %s is %s", (ip, whole) => expect(network(ip)).toBe(whole));
});

describe("the audit's cursor", () => {
  test.each([
    "+275760-09-13T00:00:00.000Z#aud_00000000000000000000000000",
    "9999-12-31T23:59:59.999Z#x",
    "garbage",
    "#",
    "job_01",
    "2026-13-01T00:00:00.000Z#aud_00000000000000000000000000",
  ])("%s, which no list gave, is refused", async (cursor) => {
    const { ctx } = await testTenant(made);
    expect(await outcome(listAudit(ctx, { cursor, limit: 10 }))).toBe("input.invalid");
  });

  test("of a time to come costs no more than a year's months", async () => {
    let reads = 0;
    const counted = testWorld();
    const { client } = counted.world.table;
    const send = client.send.bind(client);
    client.send = ((...given: Parameters<typeof send>) => {
      reads++;
      return send(...given);
    }) as typeof send; // of its overloads only the one without a callback is ever called
    const { ctx } = await testTenant(counted);
    reads = 0;
    const cursor = "9999-12-31T23:59:59.999Z#aud_00000000000000000000000000";
    expect((await listAudit(ctx, { cursor, limit: 10 })).items.length).toBeGreaterThan(0);
    expect(reads).toBeLessThan(15);
    counted.close();
  });

  test("leads through all lines once, whatever the page's size", async () => {
    const tenant = await testTenant(made);
    for (let i = 0; i < 7; i++) await createApp(tenant.ctx, { name: `app${i}`, template: "compose" });
    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await listAudit(tenant.ctx, { cursor, limit: 3 });
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBe((await listAudit(tenant.ctx, { limit: 100 })).items.length);
  });
});

describe("deploying", () => {
  test("a target named twice, by its name and by its id, is one target", async () => {
    const tenant = await settled();
    const [target] = await listTargets(tenant.ctx);
    const job = await deploy(tenant.ctx, { app: "shop", bundle, targets: ["web1", target?.id ?? ""] });
    expect(Object.keys(job.rollouts)).toEqual([target?.id]);
  });

  test("an environment that was removed can be deployed again, under numbers that were never used", async () => {
    const tenant = await settled();
    await tenant.work(await tenant.deploy("shop"));
    for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop", { environment: "staging" }));
    const gone = await removeApp(tenant.ctx, { app: "shop", environment: "staging", volumes: "keep" });
    await tenant.work(gone ?? { id: "" });
    const again = await tenant.deploy("shop", { environment: "staging" });
    expect(again.release).toBe(3);
    expect(await tenant.work(again)).toMatchObject({ status: "succeeded" });
  });

  test("after a deploy that went live on one target only, going back leads to what all had", async () => {
    const tenant = await settled();
    await tenant.target("web2");
    const both = { targets: ["web1", "web2"] };
    for (let i = 0; i < 2; i++) await tenant.work(await tenant.deploy("shop", both));
    const reach = scriptedReach();
    reach.next(() => failed({ class: "unhealthy" }));
    expect(await tenant.work(await tenant.deploy("shop", both), reach)).toMatchObject({ status: "failed" });
    expect((await rollback(tenant.ctx, { app: "shop" })).release).toBe(2);
  });
});

describe("removing", () => {
  test("an environment that is not there is not found, and nothing is removed for it", async () => {
    const tenant = await settled();
    expect(await outcome(removeApp(tenant.ctx, { app: "shop", environment: "typo", volumes: "keep" }))).toBe("app.not_found");
    await tenant.work(await tenant.deploy("shop", { environment: "staging" }));
    expect(await outcome(removeApp(tenant.ctx, { app: "shop", volumes: "delete" }))).toBe("app.not_found");
    expect(await getApp(tenant.ctx, "shop")).toMatchObject({ active: ["staging"] });
  });

  test("an app that is deployed to another environment while its last one goes stays, and so does that deploy", async () => {
    const tenant = await settled();
    await tenant.work(await tenant.deploy("shop", { environment: "staging" }));
    const gone = await removeApp(tenant.ctx, { app: "shop", environment: "staging", volumes: "keep" });
    let job = { id: "" };
    await beforeCommit(
      (line) => line.Delete?.Key?.sk === "APP#shop",
      async () => {
        job = await tenant.deploy("shop");
      },
      () => tenant.work(gone ?? { id: "" }),
    );
    expect(await getApp(tenant.ctx, "shop")).toMatchObject({ active: ["production"] });
    expect(await tenant.work(job)).toMatchObject({ status: "succeeded" });
    expect(await tenant.environment("staging")).toBeUndefined();
    expect(await tenant.account()).toMatchObject({ slots: 1 });
  });

  test("of two last environments that go at once one takes the app with it", async () => {
    const tenant = await settled();
    await tenant.target("web2");
    await tenant.work(await tenant.deploy("shop", { environment: "staging", targets: ["web1"] }));
    await tenant.work(await tenant.deploy("shop", { environment: "production", targets: ["web2"] }));
    const one = messageOf(await removeApp(tenant.ctx, { app: "shop", environment: "staging", volumes: "keep" }));
    const two = messageOf(await removeApp(tenant.ctx, { app: "shop", environment: "production", volumes: "keep" }));
    await beforeCommit(
      (line) => line.Delete?.Key?.sk === "ENV#shop#staging",
      () => rollout(tenant.system, two, scriptedReach()),
      () => rollout(tenant.system, one, scriptedReach()),
    );
    expect(await outcome(getApp(tenant.ctx, "shop"))).toBe("app.not_found");
    expect(await tenant.account()).toMatchObject({ slots: 0 });
  });

  test("who may not add a target makes us resolve no name and seal no key", async () => {
    const tenant = await testTenant(made, { state: "none" });
    const sealed: string[] = [];
    const seal = (plain: string, about: Readonly<Record<string, string>>) => {
      sealed.push(JSON.stringify(about));
      return made.world.seal(plain, about);
    };
    const ctx = { ...tenant.ctx, seal };
    expect(await outcome(addTarget(ctx, { name: "web1", host: "no-such-name.invalid", port: 22, user: "root" }))).toBe(
      "billing.required",
    );
    expect(sealed).toEqual([]);
  });
});
