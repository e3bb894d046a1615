/** What a minute of followed logs costs: the reader's questions, the worker that follows and the messages that call it, in virtual time. */
import { systemContext } from "@berth/domain/context.ts";
import { answerMessage, Message } from "../../functions/workers/rollout.ts";
import { testApi } from "../support/api.ts";
import { createClock } from "../support/clock.ts";
import { allGood, scriptedReach } from "../support/reach.ts";
import { speaking } from "../support/speaking.ts";
import { testTenant } from "../support/tenant.ts";
import type { Figure } from "./figure.ts";

interface FollowedMinute {
  readonly write: number;
  readonly read: number;
  readonly messages: number;
  /** Requests to the API. */
  readonly asked: number;
  /** Lines that were read. */
  readonly lines: number;
}

/** Before what is counted: signing in, opening, the first lines. */
const WARM_SECONDS = 60;
/** As the command line asks: packages/cli/src/log/follow.ts. */
const WAIT_SECONDS = 15;
const AT_LEAST_MS = 900;

/** One server, one container that says so many lines a second, one reader. A mean of so many minutes. */
async function followedMinute(linesASecond: number, minutes = 10): Promise<FollowedMinute> {
  const clock = createClock();
  const now = () => clock.now().getTime();
  const server = speaking();
  const reach = scriptedReach((input, tell, signal) =>
    input.op === "logs" ? server.play(input, tell, signal) : allGood(input, tell, signal),
  );
  let tick = () => {};
  const api = testApi({
    over: {
      now: clock.now,
      sleep: (milliseconds, signal) => {
        tick();
        return clock.sleep(milliseconds, signal);
      },
    },
  });
  const spent = { write: 0, read: 0, messages: 0, asked: 0, lines: 0 };
  try {
    const tenant = await testTenant(api, { reach });
    await tenant.target();
    await tenant.app();
    await tenant.work(await tenant.deploy("shop"));
    const token = await tenant.token();
    const call = async (method: string, path: string, body?: object) => {
      const answer = await api.call(method, path, { token, ...(body && { body }) });
      if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
      return answer.body;
    };
    const begun = now();
    const counted = () => now() >= begun + WARM_SECONDS * 1000;
    let [said, turned] = [0, 0];
    const working = new Set<Promise<void>>();
    tick = () => {
      while (said < ((now() - begun) / 1000) * linesASecond) server.say(`GET /orders/${said++} 200 in 12 ms`);
      // What follows on the server ends after a minute, and the next worker is called.
      while (turned < Math.floor((now() - begun) / 60_000)) {
        turned++;
        server.end();
      }
      for (const each of api.sent.filter(
        ({ queue, options, at }) => queue === "jobs" && at.getTime() + (options.delaySeconds ?? 0) * 1000 <= now(),
      )) {
        api.sent.splice(api.sent.indexOf(each), 1);
        if (counted()) spent.messages++;
        const work = answerMessage(systemContext(api.world, tenant.id, "rollout"), Message.parse(each.message), reach);
        working.add(work);
        void work.finally(() => working.delete(work));
      }
    };
    const stop = api.engine.onConsumed(({ read, write }) => {
      if (!counted()) return;
      spent.read += read;
      spent.write += write;
    });
    const { id } = await call("POST", "/v1/apps/shop/logs", { follow: true, tail: 10 });
    for (let after = 0; now() < begun + (WARM_SECONDS + minutes * 60) * 1000; ) {
      const asked = now();
      const page = await call("GET", `/v1/logs/${id}?after=${after}&wait=${WAIT_SECONDS}`);
      after = page.next;
      if (counted()) {
        spent.asked++;
        spent.lines += page.items.length;
      }
      await api.world.sleep(Math.max(1, AT_LEAST_MS - (now() - asked)));
    }
    stop();
    await call("DELETE", `/v1/logs/${id}`);
    server.end();
    return Object.fromEntries(Object.entries(spent).map(([name, sum]) => [name, sum / minutes])) as unknown as FollowedMinute;
  } finally {
    api.close();
  }
}

const whole = (value: number) => value.toFixed(0);

/** The bench's lines: an app that says nothing, and one that says ten lines a second. */
export async function followedMinutes(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [app, linesASecond] of [
    ["a quiet app", 0],
    ["an app of ten lines a second", 10],
  ] as const) {
    const { write, read, messages, asked } = await followedMinute(linesASecond);
    figures.push({
      what: `a followed minute of logs of ${app}`,
      budget: "-",
      measured: `${whole(write)} write units, ${whole(read)} read units, ${messages.toFixed(1)} messages, ${whole(asked)} requests`,
      met: undefined,
    });
  }
  return figures;
}
