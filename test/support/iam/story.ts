import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import type { Sshd } from "../../remote/sshd.ts";
import type { GuardedCloud } from "./cloud.ts";
import { customerOf } from "./customer.ts";

const compose = (version: number) => `services:\n  web:\n    image: page:${version}\n`;

/** An account from its first mail to its end, through every operation of the API and every schedule. Answers the operations that were done. */
export async function liveAnAccount({ cloud, outage, decided }: GuardedCloud, sshd: Sshd): Promise<string[]> {
  const email = "ada@example.com";
  const { call, done } = customerOf(cloud);
  const entered = new Set<string>();
  const code = async () => {
    const subjects = () => cloud.inbox(email).flatMap(({ subject }) => /^\d{6}/.exec(subject) ?? []);
    const fresh = () => subjects().find((each) => !entered.has(each));
    await expect.poll(fresh).toBeDefined();
    const found = String(fresh());
    entered.add(found);
    return found;
  };
  const ended = async (job: string, status = "succeeded") => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const look = async () => {
      const found = await call("getJob", { with: { job } });
      if (["succeeded", "failed", "canceled"].includes(found.status)) resolve(found);
      else setTimeout(() => look().catch(reject), 100);
    };
    look().catch(reject);
    expect(await promise).toMatchObject({ status });
  };
  const signIn = async () => {
    await call("requestCode", { body: { email } });
    await call("verifyCode", { body: { email, code: await code() } });
  };
  const prove = async () => {
    await call("requestProof");
    await call("giveProof", { body: { code: await code() } });
  };

  // Signing up and paying.
  await signIn();
  await call("logout");
  await signIn();
  await signIn();
  const { items: sessions } = await call("listSessions");
  const other = sessions.find(({ current }: { current: boolean }) => !current);
  await call("endSession", { with: { session: other.id } });
  await prove();
  await call("listPricingPlans");
  const { url } = await call("startCheckout", { body: { plan: "solo" } });
  const card = { number: "4242424242424242", expiry: "12 / 40", cvc: "123", name: "Ada" };
  const paid = await fetch(url, { method: "POST", body: new URLSearchParams(card), redirect: "manual" });
  const session = new URL(paid.headers.get("location") ?? "").searchParams.get("session_id");
  await cloud.settle();
  await call("refreshBilling", { body: { session } });
  await call("changePlan", { body: { plan: "pro" } });
  await call("getBilling");
  await call("listInvoices");
  await call("openPortal");
  await call("getMe");
  await call("getUsage");

  // Credentials.
  const mint = (name: string, more: object = {}) =>
    call("createToken", { body: { name, scopes: ["admin", "billing"], ...more } }) as Promise<{ id: string; secret: string }>;
  const used = await mint("used");
  await call("listTokens", { token: used.secret });
  const device = await call("startDevice", { body: { client: "laptop" } });
  await call("showDevice", { with: { code: device.userCode } });
  await call("answerDevice", { with: { code: device.userCode }, body: { approve: true } });
  await call("finishDevice", { body: { deviceCode: device.deviceCode } });
  await call("listSessions");

  // Servers and apps.
  const { port, user } = sshd.address;
  const { target, job: read } = await call("addTarget", { body: { name: "web1", host: "127.0.0.1", port, user } });
  sshd.authorize(target.publicKey);
  await ended(read.id);
  await call("listTargets");
  const { shownKey } = await call("getTarget", { with: { target: target.id } });
  const trusted = await call("trustTarget", { with: { target: target.id }, body: { fingerprint: shownKey.fingerprint } });
  await ended(trusted.job.id);
  await ended((await call("checkTarget", { with: { target: target.id } })).id);
  // This machine lets nobody in with it.
  await ended((await call("bootstrapTarget", { with: { target: target.id }, body: { password: "a long secret" } })).id, "failed");
  await call("useTarget", { with: { target: target.id } });
  await call("labelTarget", { with: { target: target.id }, body: { add: ["eu"] } });
  // Its Docker is there already, so nothing is installed.
  await ended((await call("prepareTarget", { with: { target: target.id }, body: { what: "docker" } })).id);
  const { host } = await call("addRegistry", { body: { host: "r.example:5000", user: "ada", password: "a long secret" } });
  await call("listRegistries");
  // Its Docker says nothing of it, and has been asked.
  await ended((await call("checkRegistry", { with: { host }, body: {} })).id, "failed");
  await call("removeRegistry", { with: { host } });
  const app = "shop";
  await call("createApp", { body: { name: app } });
  await call("addAddon", { with: { app }, body: { kind: "redis" } });
  await call("setAddon", { with: { app, addon: "redis" }, body: { memory: "1g" } });
  await call("getAddon", { with: { app, addon: "redis" } });
  await call("listAddons", { with: { app } });
  await call("setPolicy", { body: { rules: { privileged: "deny" } } });
  await call("setPolicy", { body: { app, rules: { device: "ask" } } });
  await call("getPolicy", { with: { app } });

  const name = "DB_PASSWORD";
  await call("setVariables", { with: { app }, body: { kind: "secret", values: { [name]: "a long secret", OLD: "another" } } });
  await call("setVariables", { with: { app }, body: { kind: "variable", values: { LEVEL: "debug" } } });
  await call("unsetVariable", { with: { app, name: "OLD" } });
  await call("listVariables", { with: { app } });
  await call("getVariableHistory", { with: { app, name } });
  await call("revealVariable", { with: { app, name }, body: { reason: "to look at it" } });
  const { secret: unused } = await mint("shows a variable");
  await call("revealVariable", { with: { app, name: "LEVEL" }, body: {}, token: unused });

  // A job of a repository, which holds nothing but what GitHub says of it.
  const at = { repository: "ada/shop", ref: "refs/heads/main" };
  const { id: deployer } = await call("addDeployer", { body: { provider: "github", app, ...at } });
  const { ACTIONS_ID_TOKEN_REQUEST_URL: ask, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = cloud.beginJob(at);
  const shown = await fetch(`${ask}&audience=${cloud.origin}`, { headers: { authorization: `Bearer ${bearer}` } });
  const { value: identity } = (await shown.json()) as { value: string };
  const { secret: ofJob } = await call("exchangeIdentity", { body: { deployer, token: identity } });
  await call("getApp", { with: { app }, token: ofJob });
  await call("listDeployers");
  await call("removeDeployer", { with: { deployer } });
  await call("addDeployer", { body: { provider: "github", app, ...at } }); // goes with the account
  await call("listApps");
  await call("getApp", { with: { app } });
  const deploy = (version: number, archives: object[] = []) =>
    call("createDeployment", {
      with: { app },
      body: { bundle: { compose: compose(version), archives, variables: { SECRET: "a long secret" } }, targets: ["web1"] },
    });
  const planned = await call("createPlan", { with: { app }, body: { bundle: { compose: compose(1) }, targets: ["web1"] } });
  await ended(planned.job);
  await call("getPlan", { with: { app, plan: planned.id } });
  const first = await deploy(1);
  // The first use of a token is marked on rows of three kinds, by the function of event streams too.
  const fresh = await mint("fresh");
  const told = await call("listJobEvents", { with: { job: first.id }, token: fresh.secret, streamed: true });
  expect(told).toContain("event: done");
  await call("listJobEvents", { with: { job: first.id }, streamed: true });
  await call("listJobEvents", { with: { job: first.id } });
  await ended(first.id);
  const archive = gzipSync("a folder");
  const archives = [{ hash: createHash("sha256").update(archive).digest("hex"), bytes: archive.length }];
  const { items: uploads } = await call("prepareArchives", { with: { app }, body: { archives } });
  expect(await fetch(uploads[0].url, { method: "PUT", headers: uploads[0].headers, body: archive })).toMatchObject({
    status: 200,
  });
  await ended((await deploy(2, archives)).id);
  await ended((await call("applyVariables", { with: { app }, body: {} })).id);
  await ended((await call("upgradeAddon", { with: { app, addon: "redis" }, body: { version: "8" } })).id);
  await ended((await call("rollback", { with: { app } })).id);
  await ended((await call("startApp", { with: { app } })).id);
  const { items: releases } = await call("listReleases", { with: { app } });
  await call("getRelease", { with: { app, number: releases[0].number } });
  await call("listDeployments", { with: { app } });
  await call("getDeployment", { with: { app, deployment: first.id } });
  await call("getAppStatus", { with: { app } });
  await call("removeAddon", { with: { app, addon: "redis" } });
  await call("getAppStatus", { with: { app, fresh: "true" } });
  await call("getActivity");
  await call("listJobs");
  await call("listAudit");

  await call("createApp", { body: { name: "blog" } });
  const only = await call("createDeployment", {
    with: { app: "blog" },
    body: { bundle: { compose: compose(1) }, targets: ["web1"] },
  });
  await ended(only.id);
  await ended((await call("removeApp", { with: { app: "blog" } })).id);

  // Logs that are followed.
  const log = await call("openLogs", { with: { app }, body: {} });
  await expect.poll(async () => (await call("readLogs", { with: { log: log.id, wait: 5 } })).items.length).toBeGreaterThan(0);
  await call("closeLogs", { with: { log: log.id } });

  const document = {
    format: "berth-self-hosted",
    version: 1,
    targets: [{ name: "old", host: "127.0.0.1", port: 9 }],
    apps: [{ name: "wiki", compose: compose(1), targets: ["old"] }],
  };
  const { plan } = await call("createImport", { body: { document } });
  await call("createImport", { body: { document, apply: true, plan } });
  await call("listImports");

  // A server that cannot be reached, and a time in which no message can be sent: the relay, the sweep and the schedules of billing make it good.
  const gone = await call("addTarget", { body: { name: "gone", host: "127.0.0.1", port: 9, user } });
  await ended(gone.job.id, "failed");
  await call("removeTarget", { with: { target: gone.target.id } });
  const managed = await call("addTarget", {
    body: {
      name: "managed",
      ssm: { instance: "i-0abc1234def567890", region: "eu-central-1", role: "arn:aws:iam::111122223333:role/berth" },
    },
  });
  await ended(managed.job.id, "failed");
  await sshd.stop();
  outage.add("sqs:SendMessage");
  const third = await deploy(3);
  await mint("late");
  cloud.stripe.chaos({ drop: 1 });
  await call("changePlan", { body: { plan: "studio" } });
  await cloud.settle();
  cloud.stripe.chaos("calm");
  const relays = () => decided().some(({ by, request }) => by === "workers/relay" && request.action === "sqs:SendMessage");
  await expect.poll(relays).toBe(true);
  outage.clear();
  const rollout = async () =>
    Object.values<{ status: string; retries: number }>((await call("getJob", { with: { job: third.id } })).rollouts)[0];
  await expect.poll(rollout).toMatchObject({ status: "retrying" });
  await cloud.runSchedule("undelivered");
  cloud.sqs.purge();
  await cloud.advance(20 * 60);
  await expect.poll(rollout).toMatchObject({ retries: 2 });
  await call("cancelJob", { with: { job: third.id } });
  // An account is compared with Stripe once a week.
  await cloud.advance(8 * 86_400);
  for (const schedule of ["undelivered", "delinquent", "full", "continue"]) await cloud.runSchedule(schedule);

  // The end, at once for one account and by the schedule for the other.
  await signIn();
  await prove();
  await call("revokeToken", { with: { token: used.id } });
  await call("endOtherSessions");
  const bob = customerOf(cloud);
  await bob.call("requestCode", { body: { email: "bob@example.com" } });
  await cloud.settle();
  const [bobs] = /^\d{6}/.exec(cloud.inbox("bob@example.com")[0]?.subject ?? "") ?? [];
  await bob.call("verifyCode", { body: { email: "bob@example.com", code: bobs } });
  await bob.call("requestProof");
  await cloud.settle();
  const [proof] = /^\d{6}/.exec(cloud.inbox("bob@example.com")[0]?.subject ?? "") ?? [];
  await bob.call("giveProof", { body: { code: proof } });
  expect(await bob.call("closeAccount")).toEqual({ status: "closed" });
  // Each request is tried three times. What Stripe tells of the end comes when the account is gone.
  cloud.stripe.refuseNext(503, 503, 503);
  cloud.stripe.chaos({ drop: 1 });
  expect(await call("closeAccount", { with: { apps: "leave" } })).toEqual({ status: "closing" });
  await cloud.runSchedule("close");
  await cloud.settle();
  cloud.stripe.chaos("calm");
  const dropped = cloud.stripe
    .deliveries()
    .filter(({ status, type }) => status === "dropped" && type.startsWith("customer.subscription"));
  cloud.stripe.redeliver(String(dropped.at(-1)?.event));
  await cloud.settle();
  await cloud.advance(2 * 3600);
  await cloud.runSchedule("close");
  return done();
}
