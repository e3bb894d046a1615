import type { Ask } from "./api.ts";
import type { Customer } from "./customer.ts";
import type { Readers } from "./reader.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";

/** Of what one customer may hold that is everybody's: a worker for each server that it changes, and its shares of those that look and read logs. */
export const SHARE = { looks: 4, logs: 4 };

const ROUND_SECONDS = [15, 45] as const;

/**
 * A customer who asks for all it can: its servers serve at first, and then let us in and answer nothing. Deploys of every app to every server,
 * cancellations, checks, questions for containers and readings of logs, opened and left, as fast as the service lets it.
 */
export function besiege(
  stage: Stage,
  ask: Ask,
  customer: Customer,
  servers: Map<string, Server>,
  readers: Readers,
  rounds: number,
  mutesWhenQuiet = false,
): void {
  const { chance, clock } = stage;
  const { token, tenant, apps, hosts } = customer;
  const names = hosts.map((_, i) => `web${i + 1}`);
  let count = 0;
  const send = (method: string, path: string, body?: object) => ask(method, path, { token, tenant, ...(body && { body }) });

  const deploy = async (app: string) => {
    const compose = `services:\n  web:\n    image: registry.test/web-good:${++count}\n# of ${tenant}\n`;
    const answer = await send("POST", `/v1/apps/${app}/deployments`, {
      bundle: { compose, files: [], variables: {} },
      targets: names,
    });
    const id = answer?.body?.id;
    if (answer?.status === 202 && chance.hit(0.4))
      clock.after(chance.between(0, 20_000), () => void send("POST", `/v1/jobs/${id}/cancel`));
  };
  const soon = (act: () => unknown) => clock.after(chance.between(0, 5000), () => void act());
  const leave = { seconds: 4, pauses: false, closes: false, follow: true, tail: 10 };

  const round = () => {
    for (const host of hosts) {
      const server = servers.get(host);
      if (server && (mutesWhenQuiet || !stage.swarm.isQuiet())) server.mute = chance.pick(["silent", "silent", "drips"]);
    }
    for (const name of names) soon(() => send("POST", `/v1/targets/${name}/check`));
    for (const app of apps) {
      soon(() => deploy(app));
      soon(() => send("GET", `/v1/apps/${app}/status?fresh=true`));
      for (let i = 0; i < 3; i++)
        soon(() => readers.read(customer, app, `${tenant.slice(-6)}-l${++count}`, { ...leave, closes: chance.hit(0.5) }));
    }
  };
  for (const app of apps) soon(() => deploy(app));
  let at = 40_000;
  for (let i = 0; i < rounds; i++) {
    clock.after(at, round);
    at += chance.between(...ROUND_SECONDS) * 1000;
  }
}
