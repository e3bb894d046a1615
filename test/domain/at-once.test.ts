import { APPS_MOST, createApp } from "@berth/domain/app/create.ts";
import { requestCode, verifyCode } from "@berth/domain/auth/code.ts";
import { insertSession, listSessions, SESSIONS_MOST } from "@berth/domain/auth/session.ts";
import { Problem } from "@berth/domain/error.ts";
import { secretText } from "@berth/domain/id.ts";
import { openLogs } from "@berth/domain/log/open.ts";
import { listAll } from "@berth/domain/query.ts";
import { commit, key, putOne } from "@berth/domain/table.ts";
import { addTarget } from "@berth/domain/target/add.ts";
import { issueToken, TOKENS_MOST } from "@berth/domain/token/issue.ts";
import { afterAll, describe, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

const AT_ONCE = 20;

/** How many of so many at once were done, and what the others were told. */
async function atOnce(ask: (i: number) => Promise<unknown>) {
  const all = await Promise.allSettled(Array.from({ length: AT_ONCE }, (_, i) => ask(i)));
  const told = all.flatMap((each) => (each.status === "fulfilled" ? [] : [each.reason]));
  return {
    done: all.length - told.length,
    told: [...new Set(told.map((error) => (error instanceof Problem ? error.code : String(error))))],
  };
}

type Tenant = Awaited<ReturnType<typeof testTenant>>;
const rows = async ({ ctx }: Tenant, prefix: string) =>
  (await listAll(ctx, { pk: key(ctx, "").pk, prefix, consistent: true })).length;

describe("twenty at once at a ceiling: as many as there is room for, and never one more", () => {
  test.each([0, 3, AT_ONCE])("apps, with room for %d", async (room) => {
    const tenant = await testTenant(t);
    const make = (name: string) => createApp(tenant.ctx, { name, template: "compose" });
    await make("first");
    for (let i = 1; i < APPS_MOST - room; i++) await putOne(tenant.ctx, key(tenant.ctx, `APP#old${i}`), {});
    expect(await atOnce((i) => make(`app${i}`))).toEqual({ done: room, told: room < AT_ONCE ? ["app.too_many"] : [] });
    expect(await rows(tenant, "APP#")).toBe(APPS_MOST);
  });

  test.each([0, 3, AT_ONCE])("tokens, with room for %d", async (room) => {
    const tenant = await testTenant(t);
    const issue = () => issueToken(tenant.ctx, { name: "ci", scopes: ["read"] });
    for (let i = 0; i < TOKENS_MOST - room; i++) await issue();
    expect(await atOnce(issue)).toEqual({ done: room, told: room < AT_ONCE ? ["token.too_many"] : [] });
    expect(await rows(tenant, "TOKEN#")).toBe(TOKENS_MOST);
  });

  test("sign-ins: everybody gets in, and so many of the oldest are out", async () => {
    const tenant = await testTenant(t);
    const { email, tenant: id } = tenant.user;
    const before = await rows(tenant, "SESSION#");
    for (let i = before; i < SESSIONS_MOST - 3; i++)
      await commit(tenant.ctx, ...insertSession(tenant.ctx, secretText(tenant.ctx, 43), tenant.user, { ip: "", client: "" }));
    const visitors = Array.from({ length: AT_ONCE }, (_, i) => ({ browser: `b${i}`, ip: `203.0.113.${i}`, client: "" }));
    const codes: string[] = [];
    for (const { browser, ip } of visitors) {
      await requestCode(t.world, { email, browser, ip });
      codes.push(t.code(email));
    }
    const signIn = (i: number) => verifyCode(t.world, { ...(visitors[i] as (typeof visitors)[0]), email, code: codes[i] ?? "" });
    expect(await atOnce(signIn)).toEqual({ done: AT_ONCE, told: [] });
    expect(await rows(tenant, "SESSION#")).toBe(SESSIONS_MOST);
    expect(await listSessions({ ...tenant.ctx, tenant: id })).toHaveLength(SESSIONS_MOST);
  });

  test("targets: as many as the plan has", async () => {
    const tenant = await testTenant(t, { plan: "pro" });
    const { targetLimit } = await tenant.account();
    const add = (i: number) => addTarget(tenant.ctx, { name: `web${i}`, host: `127.0.0.${i + 1}`, port: 22, user: "root" });
    const room = Math.min(AT_ONCE, targetLimit);
    expect(await atOnce(add)).toEqual({ done: room, told: ["billing.targets_full"] });
    expect(await rows(tenant, "TARGET#")).toBe(room);
  });

  test("readings of logs", async () => {
    const tenant = await testTenant(t);
    await tenant.target();
    await tenant.app();
    await tenant.work(await tenant.deploy("shop"));
    expect(await atOnce(() => openLogs(tenant.ctx, { app: "shop", tail: 1, follow: true }))).toEqual({
      done: 4,
      told: ["log.too_many"],
    });
  });
});
