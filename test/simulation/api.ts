import type { World } from "@berth/domain/context.ts";
import { createApp } from "../../functions/api/app.ts";
import type { Process, Processes } from "./process.ts";
import type { Stage } from "./stage.ts";

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every route
  readonly body: any;
  readonly text: string;
}

interface Asking {
  readonly token: string;
  readonly tenant: string;
  readonly body?: object;
  readonly once?: string;
}

/** Asks the API; undefined when no answer came. */
export type Ask = (method: string, path: string, asking: Asking) => Promise<Answer | undefined>;

/** An API function between starts: one app, which sees the world of whichever process it is now. */
interface Instance {
  readonly app: ReturnType<typeof createApp>;
  world: World;
}

const idle: Instance[] = [];

function instanceIn(world: World): Instance {
  const found = idle.pop();
  if (found) return Object.assign(found, { world });
  const seen = {} as World;
  for (const name of Object.keys(world) as (keyof World)[])
    Object.defineProperty(seen, name, { enumerable: true, get: () => instance.world[name] });
  const instance: Instance = { app: createApp(seen), world };
  return instance;
}

const TIMEOUT_MILLISECONDS = 29_000;

export function createApi(stage: Stage, processes: Processes, worldOf: (process: Process) => World): Ask {
  const { clock, chance, swarm, tell } = stage;
  return (method, path, { token, tenant, body, once }) => {
    const process = processes.start({ name: "api", tenant, once, log: /^\/v1\/logs\/([^?]+)/.exec(path)?.[1] });
    const instance = instanceIn(worldOf(process));
    const text = body && JSON.stringify(body);
    tell(process.name, `is asked for ${method} ${path}${once ? ` once as ${once}` : ""}`);
    return new Promise((resolve) => {
      let over = false;
      const end = (answer: Answer | undefined) => {
        if (over) return;
        over = true;
        resolve(answer);
      };
      process.onDeath = () => clock.after(100, () => end(undefined));
      // Lambda ends an invocation whose time is over, frozen or not.
      clock.after(TIMEOUT_MILLISECONDS, () => {
        if (over) return;
        end(undefined);
        processes.kill(process);
      });
      const request = instance.app.request(path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(text && { "content-type": "application/json" }),
          ...(once && { "idempotency-key": once }),
        },
        ...(text && { body: text }),
      });
      void Promise.resolve(request).then(async (response) => {
        const said = await response.text();
        if (process.dead) return;
        process.dead = true;
        idle.push(instance);
        const answer = { status: response.status, text: said, body: said === "" ? undefined : JSON.parse(said) };
        tell(process.name, `answers ${answer.status} ${answer.body?.code ?? answer.body?.id ?? ""}`);
        if (swarm.strike("answer to the customer lost")) clock.after(chance.between(1000, 20_000), () => end(undefined));
        else end(answer);
      });
    });
  };
}
