import type { Answer } from "./api.ts";
import { type Chance, createChance } from "./chance.ts";
import type { Customer } from "./customer.ts";
import type { Stage } from "./stage.ts";

type Insist = (method: string, path: string, body?: object, keyed?: boolean) => Promise<Answer | undefined>;

/** What is set is known by its beginning, wherever it turns up. */
export const KEPT = "s3cr3t-kept-";

/** In a history of four customers keep secrets and have add-ons. Drawn apart, so that the others stay what they were. */
export function keepingIn(seed: number): Chance | undefined {
  const chance = createChance(seed ^ 0x5ec4e7);
  return chance.hit(0.25) ? chance : undefined;
}

/** Sets and unsets secrets, adds add-ons and upgrades them, and deploys what is live with them, at moments of its own. */
export function keep({ clock }: Stage, chance: Chance, { apps, tenant }: Customer, insist: Insist, lasts: number): void {
  let count = 0;
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => clock.after(milliseconds, resolve));
  const somewhere = () => (chance.hit(0.15) ? { environment: "staging" } : {});
  const value = () => `${KEPT}${tenant.slice(-6)}-${++count}`;
  const apply = (app: string, more: object = {}) => insist("POST", `/v1/apps/${app}/variables/apply`, more);
  const goBack = (app: string) => insist("POST", `/v1/apps/${app}/rollback`, { acceptDataRisk: true });
  const set = (app: string) => {
    const values = Object.fromEntries(["KEPT_A", "KEPT_B"].filter(() => chance.hit(0.7)).map((name) => [name, value()]));
    return insist("PUT", `/v1/apps/${app}/variables`, { ...somewhere(), kind: "secret", values: { KEPT: value(), ...values } });
  };

  async function ended(accepted: Answer | undefined): Promise<void> {
    for (let tries = 0; accepted?.status === 202 && tries < 40; tries++) {
      await sleep(chance.between(3000, 15_000));
      const job = await insist("GET", `/v1/jobs/${accepted.body.id}`, undefined, false);
      if (job?.body?.endedAt) return;
    }
  }

  /** Adds one, deploys what is live with it, and upgrades it; now and then it thinks better of that. */
  async function grow(app: string): Promise<void> {
    const [kind, version, next] = chance.pick([
      ["redis", "7", "8"],
      ["postgres", "16", "17"],
    ] as const);
    await insist("POST", `/v1/apps/${app}/addons`, { kind, version });
    for (let tries = 0; tries < 6; tries++) {
      const applied = await apply(app, { addons: true });
      await ended(applied);
      if (applied?.status === 202) break;
      await sleep(chance.between(10_000, 60_000));
    }
    const addon = `/v1/apps/${app}/addons/${kind}`;
    if (chance.hit(0.3)) await set(app);
    if (chance.hit(0.2)) await insist("POST", `${addon}/upgrade`, {}).then(ended);
    const upgraded = await insist("POST", `${addon}/upgrade`, { version: next });
    if (upgraded?.status === 202 && chance.hit(0.25)) {
      await sleep(chance.between(500, 20_000));
      await insist("POST", `/v1/jobs/${upgraded.body.id}/cancel`);
    }
    await ended(upgraded);
    if (chance.hit(0.3)) await set(app);
    const [last, more] = chance.pick([
      [goBack, undefined],
      [apply, { addons: true, acceptDataRisk: true }],
      [apply, {}],
    ] as const);
    await last(app, more).then(ended);
    if (chance.hit(0.3)) await insist("DELETE", addon, undefined, false);
  }

  const doings: readonly ((app: string) => Promise<unknown>)[] = [
    ...[set, set, set, apply, grow, goBack],
    (app) => insist("DELETE", `/v1/apps/${app}/variables/KEPT_A`, undefined, false),
  ];
  for (const app of apps)
    if (chance.hit(0.7)) {
      clock.after(chance.between(0, 4000), () => void set(app));
      clock.after(chance.between(5000, 60_000), () => void grow(app));
    }
  const acts = chance.between(4, 12);
  for (let i = 0; i < acts; i++) clock.after(chance.between(5000, lasts), () => void chance.pick(doings)(chance.pick(apps)));
}
