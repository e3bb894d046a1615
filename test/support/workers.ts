import { systemContext } from "@berth/domain/context.ts";
import { sweep } from "@berth/domain/engine/sweep.ts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import { answerMessage, Message } from "../../functions/workers/rollout.ts";
import { scriptedReach } from "./reach.ts";
import type { TestWorld } from "./world.ts";

const turns = async (count = 60) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Servers that let everybody in and then say nothing, and how many connections to them are held. */
export function silentReach() {
  let held = 0;
  let most = 0;
  let made = 0;
  const reach = scriptedReach((_input, _tell, signal) => {
    made++;
    most = Math.max(most, ++held);
    return new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => {
        held--;
        reject(new RemoteError("aborted", "the caller let go"));
      });
    });
  });
  return { reach, held: () => held, most: () => most, made: () => made };
}

/** Workers as the queue starts them: each due message at once, in a process of its own, up to so many. */
export function workers(made: TestWorld, most: number, reachOf: (tenant: string) => ReturnType<typeof scriptedReach>) {
  let busy = 0;
  /** Whether a message was taken. */
  const pull = () => {
    let taken = false;
    const now = made.clock.now().getTime();
    for (const each of [...made.sent]) {
      if (busy >= most) return taken;
      if (each.queue !== "jobs" || each.at.getTime() + (each.options.delaySeconds ?? 0) * 1000 > now) continue;
      made.sent.splice(made.sent.indexOf(each), 1);
      busy++;
      taken = true;
      const message = Message.parse(each.message);
      void answerMessage(systemContext(made.world, message.tenant, "rollout"), message, reachOf(message.tenant)).finally(
        () => busy--,
      );
    }
    return taken;
  };
  return {
    busy: () => busy,
    /** Lets time pass, second by second, with a sweep each minute. */
    async pass(seconds: number, each: () => void = () => {}) {
      for (let i = 0; i < seconds; i++) {
        if (made.clock.now().getTime() % 60_000 < 1000) await sweep(made.world);
        // Whoever is done within the second takes the next.
        for (let took = pull(), more = 0; took && more < 20; took = pull(), more++) await turns();
        await turns();
        each();
        await made.clock.advance(1);
      }
      await turns();
    },
  };
}
