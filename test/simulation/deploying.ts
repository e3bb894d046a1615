import type { Answer, Ask } from "./api.ts";
import type { Customer } from "./customer.ts";
import { archivesOf, type Source } from "./sources.ts";
import type { Stage } from "./stage.ts";
import type { Uploads } from "./uploads.ts";

type Insist = (method: string, path: string, body?: object, keyed?: boolean) => Promise<Answer | undefined>;

/** How a customer deploys: at once, by a plan, or to go back. */
export function createDeploying(
  { chance, clock }: Stage,
  { token, tenant, hosts }: Customer,
  ask: Ask,
  insist: Insist,
  uploads: Uploads | undefined,
) {
  let count = 0;
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => clock.after(milliseconds, resolve));

  /** Most of what is done is done to production. */
  const somewhere = () => (chance.hit(0.12) ? { environment: "staging" } : {});

  function bundle(app: string, again = 0.4) {
    const sources = uploads && chance.hit(0.6) ? uploads.sources(app, again) : [];
    const mounted = uploads?.mounted() ?? [];
    const kind = chance.hit(0.76) ? "good" : chance.hit(0.6) || sources.length > 0 ? "unhealthy" : "missing";
    const db = chance.hit(0.25) ? `  db:\n    image: postgres:${chance.pick([16, 16, 17])}\n` : "";
    const build = sources.length > 0 ? "    build: ./web\n" : "";
    const compose = `services:\n  web:\n    image: registry.test/web-${kind}:${++count}\n${build}${db}# of ${tenant}\n`;
    uploads?.made(compose, sources, mounted);
    const given = { compose, files: [], variables: { DB_PASSWORD: `s3cr3t-${tenant.slice(-8)}` } };
    return { sources: [...sources, ...mounted], bundle: { ...given, ...archivesOf(sources, mounted) } };
  }

  /** What services are built from is sent first. */
  async function apply(app: string, sources: readonly Source[], body: object): Promise<Answer | undefined> {
    const deploying = () => insist("POST", `/v1/apps/${app}/deployments`, body);
    if (!uploads || sources.length === 0) return deploying();
    const asking = (method: string, path: string, asked: object) => insist(method, path, asked, false);
    return uploads.during(async () => ((await uploads.send(app, sources, asking)) ? deploying() : undefined));
  }

  const somewhereElse = () =>
    chance.hit(0.35)
      ? ["web1", "web2", "web3"].slice(0, chance.between(1, hosts.length))
      : [chance.pick(["web1", "web1", "web2"])];

  /** What is built is often built on one server for all. */
  function placed(sources: readonly Source[]) {
    if (sources.length === 0 || hosts.length < 2 || chance.hit(0.4)) return { targets: somewhereElse() };
    const targets = ["web1", "web2", "web3"].slice(0, chance.between(2, hosts.length));
    return { targets, buildOn: chance.pick(targets) };
  }

  const boldly = () => (chance.hit(0.6) ? { acceptDataRisk: true } : {});

  function deploy(app: string, only?: string): Promise<Answer | undefined> {
    const made = bundle(app);
    const asked = { bundle: made.bundle, ...(only ? { targets: [only] } : placed(made.sources)), ...somewhere() };
    return apply(app, made.sources, { ...asked, ...boldly() });
  }

  /** Plans, thinks it over, and applies just that. */
  async function plan(app: string): Promise<void> {
    const made = bundle(app, 0.8);
    const body = { bundle: made.bundle, ...placed(made.sources), ...somewhere() };
    const asked = await insist("POST", `/v1/apps/${app}/plans`, body);
    if (asked?.status !== 202) return;
    for (let tries = 0; tries < 20; tries++) {
      await sleep(chance.between(1000, 5000));
      const found = await ask("GET", `/v1/apps/${app}/plans/${asked.body.id}`, { token, tenant });
      const { hash, status } = found?.body ?? {};
      if (status === "failed" || status === "canceled") return;
      if (!hash) continue;
      await sleep(chance.between(0, 90_000));
      await apply(app, made.sources, { ...body, plan: hash, ...boldly() });
      return;
    }
  }

  /** Deploys twice, waits for the end of each, and goes back. */
  const goBack = (app: string) => uploads?.during(() => returning(app)) ?? Promise.resolve();

  async function returning(app: string): Promise<void> {
    for (let nth = 0; nth < 2; nth++) {
      const accepted = await deploy(app, nth === 0 ? "web1" : undefined);
      if (accepted?.status !== 202) return;
      for (let tries = 0; tries < 30; tries++) {
        await sleep(chance.between(5000, 15_000));
        const job = await ask("GET", `/v1/jobs/${accepted.body.id}`, { token, tenant });
        if (job?.body?.endedAt) break;
      }
    }
    await insist("POST", `/v1/apps/${app}/rollback`, boldly());
  }

  return { deploy, plan, goBack, somewhere, boldly };
}
