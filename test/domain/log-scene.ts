import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { systemContext } from "@berth/domain/context.ts";
import { attendLog } from "@berth/domain/log/attend.ts";
import type { LogItem } from "@berth/domain/log/item.ts";
import { readLogs } from "@berth/domain/log/read.ts";
import { onTestFinished } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { speaking } from "../support/speaking.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const turns = async (count = 20) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A tenant with an app on so many servers that speak, workers that answer the queue, and time that passes when it is told to. */
export async function scene(count = 1) {
  const made = testWorld();
  onTestFinished(() => made.close());
  const tenant = await testTenant(made, { plan: "studio" });
  const names = Array.from({ length: count }, (_, i) => `web${i + 1}`);
  for (const [i, name] of names.entries()) await tenant.target(name, `127.0.0.${i + 1}`);
  await tenant.app();
  await tenant.work(await tenant.deploy("shop", { targets: names }));
  const servers = names.map((_, i) => speaking("abcdef"[i]?.repeat(12)));
  const reach = scriptedReach((input, tell, signal) => {
    const host = reach.runs.at(-1)?.at ?? "";
    const server = servers[Number(host.split(".").at(-1)) - 1];
    if (!server) throw new Error(`nobody is at ${host}`);
    return server.play(input, tell, signal);
  });
  const workers = new Set<Promise<void>>();
  /** Workers that were killed do nothing any more; those that are frozen go on later. */
  let life = 0;
  let losing = false;
  let frozen: { born: number; thawed: Promise<void> } | undefined;
  const worldOf = (born: number) => ({
    ...made.world,
    table: {
      name: made.world.table.name,
      client: {
        send: (async (...given: [never]) => {
          if (frozen && born === frozen.born) await frozen.thawed;
          else if (born < life) await new Promise(() => {});
          const answer = await made.world.table.client.send(...given);
          const [command]: [unknown] = given;
          if (losing && command instanceof UpdateCommand && command.input.UpdateExpression?.includes("#batch")) {
            losing = false;
            throw new Error("no answer came");
          }
          return answer;
        }) as typeof made.world.table.client.send,
      },
    },
  });
  const pull = () => {
    const now = made.clock.now().getTime();
    for (const each of [...made.sent]) {
      if (each.at.getTime() + (each.options.delaySeconds ?? 0) * 1000 > now || !("log" in each.message)) continue;
      made.sent.splice(made.sent.indexOf(each), 1);
      const work = attendLog(systemContext(worldOf(life), tenant.id, "rollout"), String(each.message.log), reach);
      workers.add(work);
      void work.finally(() => workers.delete(work));
    }
  };
  return {
    made,
    tenant,
    servers,
    reach,
    workers: () => workers.size,
    kill: () => void life++,
    /** The next lines are written, and the worker is not told so. */
    loseAnswer: () => {
      losing = true;
    },
    /** Stops today's workers until the answer is called. */
    freeze(): () => void {
      const { promise, resolve } = Promise.withResolvers<void>();
      frozen = { born: life++, thawed: promise };
      return resolve;
    },
    async pass(seconds: number, each: (second: number) => void | Promise<void> = () => {}) {
      for (let i = 0; i < seconds; i++) {
        pull();
        await turns();
        await each(i);
        await made.clock.advance(1);
      }
      pull();
      await turns();
    },
  };
}

/** Somebody who reads on from where they were. */
export function reader(tenant: TestTenant, log: string) {
  let after = 0;
  const items: LogItem[] = [];
  return {
    items,
    texts: () => items.flatMap((item) => (item.type === "log" ? [item.text] : [])),
    async read() {
      const page = await readLogs(tenant.ctx, { log, after, waitSeconds: 0 });
      items.push(...page.items);
      after = page.next;
      return page;
    },
  };
}

export const following = { app: "shop", tail: 10, follow: true };
