import { createApp as makeApp } from "@berth/domain/app/create.ts";
import { audit } from "@berth/domain/audit/audit.ts";
import type { Context, World } from "@berth/domain/context.ts";
import { accountKey, limitsOf, newAccount } from "@berth/domain/entitlement/account.ts";
import { newId } from "@berth/domain/id.ts";
import { type PricingPlanName, pricingPlanOf } from "@berth/domain/pricing/plans.ts";
import { commit, insert, key, putOne } from "@berth/domain/table.ts";
import { type StoredTarget, sealContext, sshKeyRow, targetKey } from "@berth/domain/target/target.ts";
import { memberKey, type User } from "@berth/domain/tenant/tenant.ts";
import { mintToken } from "@berth/domain/token/issue.ts";
import type { Answer, Ask } from "./api.ts";
import type { Chance } from "./chance.ts";
import { createDeploying } from "./deploying.ts";
import { keep } from "./keeping.ts";
import { hostKeyOf } from "./line.ts";
import type { Readers } from "./reader.ts";
import { createServer, type Server } from "./server.ts";
import type { Stage } from "./stage.ts";
import { tableName } from "./table.ts";
import type { Uploads } from "./uploads.ts";
import { nameOf } from "./world.ts";

type Standing = "good" | "grace" | "restricted";

export interface Customer {
  readonly tenant: string;
  readonly token: string;
  readonly apps: string[];
  readonly hosts: string[];
  /** What it was entitled to, since when. */
  readonly standings: { readonly at: number; readonly standing: Standing; readonly concurrent: number }[];
  /** Jobs the API accepted, by the Idempotency-Key they were asked for with. */
  readonly accepted: Map<string, string>;
  readonly jobs: string[];
  /** It does what harms others, as far as it is let. */
  readonly hostile?: boolean;
}

/** Signs a customer up: a paid account, a token, and some apps and trusted servers to begin with; nothing can go wrong yet. */
export async function createCustomer(
  stage: Stage,
  world: World,
  servers: Map<string, Server>,
  nth: number,
  given?: {
    readonly plan: PricingPlanName;
    readonly apps: readonly string[];
    readonly servers: number;
    readonly hostile?: boolean;
  },
): Promise<Customer> {
  const { chance, clock } = stage;
  const tenant = newId(world, "tenant");
  const ctx: Context = { ...world, tenant, actor: { kind: "user", id: `usr_${nth}`, scopes: ["admin"] } };
  const plan = given?.plan ?? chance.pick(["solo", "solo", "pro", "studio"] as const);
  const many = given?.servers ?? chance.between(1, plan === "solo" ? 2 : 3);
  const hosts = Array.from({ length: many }, (_, i) => `10.0.${nth}.${i + 1}`);
  const account = { ...newAccount(tenant), kind: "good" as const, plan, ...limitsOf(plan), targets: hosts.length };
  await putOne(ctx, accountKey(ctx), account);
  const owner: User = { id: `usr_${nth}`, email: `owner${nth}@example.com`, tenant, role: "owner" };
  await putOne(ctx, memberKey(ctx, owner.id), owner);
  const { secret } = await mintToken(ctx, { name: "cli", scopes: ["admin"] });
  for (const [i, host] of hosts.entries()) {
    servers.set(host, createServer(host, tenant));
    const id = newId(world, "target");
    const row: StoredTarget = {
      id,
      name: `web${i + 1}`,
      host,
      port: 22,
      user: "root",
      publicKey: "ssh-ed25519 AAAA",
      status: "ready",
      hostKey: hostKeyOf(host),
      createdAt: world.now().toISOString(),
      fence: 0,
      waiting: [],
    };
    await commit(
      ctx,
      insert(ctx, targetKey(ctx, id), row),
      insert(ctx, sshKeyRow(ctx, id), {
        key: nameOf(sealContext(tenant, id)),
        iv: "",
        tag: "",
        data: `private-key-of-${tenant}`,
      }),
      insert(ctx, key(ctx, `TARGETNAME#${row.name}`), { id }),
      audit(ctx, "target.add", id),
    );
  }
  const most = plan !== "solo" && chance.hit(0.3) ? 5 : 3;
  const apps = given ? [...given.apps] : ["shop", "blog", "wiki", "docs", "chat"].slice(0, chance.between(1, most));
  for (const name of apps) await makeApp(ctx, { name, template: "compose" });
  return {
    tenant,
    token: secret,
    apps,
    hosts,
    standings: [{ at: clock.now(), standing: "good", concurrent: pricingPlanOf(plan).concurrent }],
    accepted: new Map(),
    jobs: [],
    hostile: given?.hostile ?? false,
  };
}

/** What billing would write of the account. */
function entitle(stage: Stage, customer: Customer, standing: Standing, plan: PricingPlanName): void {
  const { slotLimit, targetLimit } = limitsOf(plan);
  const until = new Date(stage.clock.now() + (standing === "grace" ? 7 : -1) * 86_400_000).toISOString();
  stage.tell(customer.tenant, `is ${standing} on ${plan}`);
  stage.engine.execute("UpdateItem", {
    TableName: tableName,
    Key: { pk: { S: `TENANT#${customer.tenant}` }, sk: { S: "ACCOUNT" } },
    UpdateExpression: "SET kind = :kind, graceUntil = :until, #plan = :plan, slotLimit = :slots, targetLimit = :targets",
    ExpressionAttributeNames: { "#plan": "plan" },
    ExpressionAttributeValues: {
      ":kind": { S: standing === "good" ? "good" : "delinquent" },
      ":until": standing === "good" ? { NULL: true } : { S: until },
      ":plan": { S: plan },
      ":slots": { N: String(slotLimit) },
      ":targets": { N: String(targetLimit) },
    },
  });
  customer.standings.push({ at: stage.clock.now(), standing, concurrent: pricingPlanOf(plan).concurrent });
}

interface Also {
  /** Of one whose services are built. */
  readonly uploads?: Uploads | undefined;
  /** Of one that keeps secrets and has add-ons. */
  readonly keeping?: Chance | undefined;
}

/** A customer's or an agent's doings at random moments, through the API and nothing else. */
export function live(
  stage: Stage,
  ask: Ask,
  customer: Customer,
  servers: Map<string, Server>,
  readers: Readers,
  lasts: number,
  acts: number,
  { uploads, keeping }: Also = {},
): void {
  const { chance, clock, swarm } = stage;
  const { token, tenant } = customer;
  let count = 0;

  /** Asks, and asks the same again while it is unknown whether it was done, as the CLI does. */
  async function insist(method: string, path: string, body?: object, keyed = true): Promise<Answer | undefined> {
    const once = keyed ? `${tenant.slice(-6)}-${++count}` : undefined;
    for (let tries = 0; tries < 4; tries++) {
      const answer = await ask(method, path, { token, tenant, ...(body && { body }), ...(once && { once }) });
      if (answer) check(answer, once);
      if (answer && answer.status < 500 && !["version.stale", "idempotency.busy"].includes(answer.body?.code)) return answer;
      await new Promise<void>((resolve) => clock.after(chance.between(500, 5000), resolve));
    }
    return undefined;
  }

  function check({ text, status, body }: Answer, once: string | undefined): void {
    const named = /ten_[0-9A-Z]{26}/g;
    for (const [other] of text.matchAll(named))
      if (other !== tenant) stage.violate("8 no tenant reaches another's", `an answer to ${tenant} names ${other}`);
    if (status === 500) stage.violate("15 nothing fails by a mistake of ours", `${tenant} is told of an internal failure`);
    const id = body?.job?.id ?? body?.id;
    if (status !== 202 || typeof id !== "string" || !id.startsWith("job_")) return;
    const before = once && customer.accepted.get(once);
    if (before && before !== id)
      stage.violate("3 an effect happens once", `the request ${once} was accepted as ${before} and as ${id}`);
    if (once) customer.accepted.set(once, id);
    if (!customer.jobs.includes(id)) customer.jobs.push(id);
  }

  const { deploy, plan, goBack, somewhere, boldly } = createDeploying(stage, customer, ask, insist, uploads);

  /** Somebody on the server itself; nobody can be kept from that, also not while a run is asked about, but then nothing is promised. */
  function stopByHand(): Promise<void> {
    const server = servers.get(chance.pick(customer.hosts));
    if (server?.up && !server.asking && !server.mutation) for (const project of server.projects.values()) project.stopped = true;
    return Promise.resolve();
  }

  const everything = () => Promise.all(customer.apps.map((app) => deploy(app, "web1")));

  async function addTarget(): Promise<void> {
    const nth = customer.hosts.length + 1;
    const host = `10.0.${servers.size + 100}.${nth}`;
    servers.set(host, createServer(host, tenant));
    const added = await insist("POST", "/v1/targets", { name: `web${nth}`, host });
    if (added?.status !== 201) return;
    for (let tries = 0; tries < 20; tries++) {
      await new Promise<void>((resolve) => clock.after(5000, resolve));
      const found = await ask("GET", `/v1/targets/web${nth}`, { token, tenant });
      const fingerprint = found?.body?.shownKey?.fingerprint;
      if (fingerprint) {
        await insist("POST", `/v1/targets/web${nth}/trust`, { fingerprint });
        customer.hosts.push(host);
        return;
      }
    }
  }

  const doings: readonly (readonly [number, (app: string) => Promise<unknown>])[] = [
    [50, deploy],
    [16, plan],
    [uploads ? 10 : 0, goBack],
    [8, stopByHand],
    [4, everything],
    [10, (app) => insist("POST", `/v1/apps/${app}/rollback`, { ...somewhere(), ...boldly() })],
    [
      14,
      () =>
        customer.jobs.length > 0
          ? insist("POST", `/v1/jobs/${chance.hit(0.7) ? customer.jobs.at(-1) : chance.pick(customer.jobs)}/cancel`)
          : Promise.resolve(),
    ],
    [7, (app) => insist("DELETE", `/v1/apps/${app}?${new URLSearchParams(somewhere())}`, undefined, false)],
    [3, (app) => insist("POST", "/v1/apps", { name: app })],
    [5, () => insist("POST", "/v1/targets/web1/check")],
    [9, (app) => readers.read(customer, app, `${tenant.slice(-6)}-${++count}`, readers.manner())],
    [2, addTarget],
    [2, () => insist("DELETE", `/v1/targets/web${chance.between(1, 3)}`, undefined, false)],
    [4, (app) => ask("GET", `/v1/apps/${app}/status?fresh=${chance.hit(0.7)}`, { token, tenant })],
    [
      6,
      () =>
        Promise.resolve(
          entitle(stage, customer, chance.pick(["good", "good", "grace", "restricted"]), chance.pick(["solo", "pro", "studio"])),
        ),
    ],
  ];
  const whole = doings.reduce((sum, [weight]) => sum + weight, 0);

  const act = () => {
    let drawn = chance.next() * whole;
    const app = chance.pick(customer.apps);
    for (const [weight, does] of doings) {
      drawn -= weight;
      if (drawn < 0) {
        void does(app);
        break;
      }
    }
    // A second agent now and then asks at the same moment.
    if (swarm.has("message sent twice") && chance.hit(0.1)) clock.after(chance.between(0, 50), () => void deploy(app));
  };
  if (keeping) keep(stage, keeping, customer, insist, lasts);
  clock.after(chance.between(0, 2000), () => void deploy(chance.pick(customer.apps)));
  for (let i = 1; i < acts; i++) clock.after(chance.hit(0.4) ? chance.between(0, 30_000) : chance.between(0, lasts), act);
}
