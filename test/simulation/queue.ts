import type { Send } from "@berth/domain/context.ts";
import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { Process, Processes } from "./process.ts";
import type { Stage } from "./stage.ts";

interface Message {
  readonly id: number;
  readonly body: string;
  readonly group: string;
  receives: number;
  /** Waiting to be received, in flight, or not to be seen before its time. */
  state: "delayed" | "ready" | "flying" | "gone";
  at: number;
  readonly sentAt: number;
  seenAt: number;
}

export interface Queue {
  send(process: Process, message: object, options?: Send): Promise<void>;
  /** Seconds that a message which could be received waited for a worker, at most. */
  heldUp(): number;
  /** The most workers that were held by a tenant at once: at work for it, and for long. */
  mostHeld(tenant: string): number;
  /** Nothing waits and nothing flies but what is still to be delayed. */
  idle(): boolean;
  /** Messages that will be seen some time. */
  pending(): number;
  /** Everything that is delayed is seen now: how a history ends without waiting for what is 12 hours late. */
  hurry(): void;
  readonly dead: Message[];
  readonly sent: Map<string, number>;
  /** Seconds each tenant's messages waited to be received for the first time. */
  readonly waits: Map<string, number[]>;
}

export interface QueueOptions {
  readonly visibilitySeconds: number;
  readonly receives: number;
  /** At most this many messages in work at once. */
  readonly concurrency: number;
  /** Whether the group with the fewest messages in flight comes first. */
  readonly fair: boolean;
  /** A worker that is still at it then is ended. */
  readonly timeoutSeconds: number;
  readonly onSent: (message: object) => void;
  /** Work on one message, in a process of its own. */
  readonly work: (process: Process, event: SQSEvent) => Promise<SQSBatchResponse>;
}

const HOUR = 3_600_000;
/** After so long a worker is held, and not only passing. */
const HELD_MILLISECONDS = 8000;

/**
 * A standard queue as SQS describes it: at least once, in about the order of sending, a received message unseen until its visibility ends,
 * and fair between groups: the group with the fewest messages in flight is received first.
 */
export function createQueue(stage: Stage, processes: Processes, options: QueueOptions): Queue {
  const { chance, clock, swarm, tell } = stage;
  const ready = new Map<string, Message[]>();
  const flying = new Map<string, number>();
  const dead: Message[] = [];
  const sent = new Map<string, number>();
  const waits = new Map<string, number[]>();
  const delayed = new Set<Message>();
  let inWork = 0;
  let waiting = 0;
  let ids = 0;
  let hurried = false;
  let held = 0;
  const busy = new Map<string, { readonly now: Set<Process>; most: number }>();

  function appear(message: Message): void {
    if (message.state !== "delayed") return;
    delayed.delete(message);
    message.state = "ready";
    message.seenAt = clock.now();
    const line = ready.get(message.group);
    if (line) {
      if (swarm.strike("message out of order")) line.splice(chance.between(0, line.length), 0, message);
      else line.push(message);
    } else ready.set(message.group, [message]);
    waiting++;
    pull();
  }

  function later(message: Message, milliseconds: number): void {
    message.state = "delayed";
    message.at = clock.now() + milliseconds;
    delayed.add(message);
    const due = message.at;
    clock.after(milliseconds, () => {
      if (message.at === due) appear(message);
    });
  }

  function put(body: string, group: string, delay: number): void {
    const message: Message = {
      id: ++ids,
      body,
      group,
      receives: 0,
      state: "delayed",
      at: 0,
      sentAt: clock.now() + delay,
      seenAt: 0,
    };
    const late = swarm.strike("message late") ? chance.between(1, 12 * HOUR) : 0;
    later(message, delay + chance.between(3, 40) + (swarm.strike("message out of order") ? chance.between(0, 3000) : 0) + late);
  }

  function next(): Message | undefined {
    let least: string | undefined;
    for (const [group, line] of ready) {
      if (line.length === 0) ready.delete(group);
      else if (least === undefined || (flying.get(group) ?? 0) < (flying.get(least) ?? 0)) least = group;
    }
    const message = least === undefined ? undefined : ready.get(least)?.shift();
    if (message) waiting--;
    return message;
  }

  function pull(): void {
    while (inWork < options.concurrency && waiting > 0) {
      const message = next();
      if (!message) return;
      receive(message);
    }
  }

  function receive(message: Message): void {
    message.receives++;
    if (message.receives > options.receives) {
      message.state = "gone";
      dead.push(message);
      tell("queue", `gives up ${message.body}`);
      return;
    }
    if (message.receives === 1) {
      const list = waits.get(message.group);
      const seconds = (clock.now() - message.sentAt) / 1000;
      if (list) list.push(seconds);
      else waits.set(message.group, [seconds]);
    }
    message.state = "flying";
    inWork++;
    flying.set(message.group, (flying.get(message.group) ?? 0) + 1);
    const { tenant, job, log } = JSON.parse(message.body) as { tenant?: string; job?: string; log?: string };
    const mine = busy.get(tenant ?? "") ?? { now: new Set(), most: 0 };
    busy.set(tenant ?? "", mine);
    let over = false;
    const process = processes.start({ name: "worker", job, tenant, log });
    held = Math.max(held, (clock.now() - message.seenAt) / 1000);
    // One that is frozen goes on for longer than it would be let, so that what it wakes to is the worst.
    clock.after(
      options.timeoutSeconds * 1000,
      () => process.frozenUntil <= clock.now() && over === false && processes.kill(process),
    );
    let long = 0;
    for (const each of mine.now) if (each.startedAt < clock.now() - HELD_MILLISECONDS) long++;
    mine.most = Math.max(mine.most, long);
    mine.now.add(process);
    tell(process.name, `receives ${message.body}`);
    const leave = () => {
      if (over) return false;
      over = true;
      inWork--;
      mine.now.delete(process);
      flying.set(message.group, (flying.get(message.group) ?? 1) - 1);
      return true;
    };
    const back = () =>
      later(message, hurried ? 1000 : Math.max(0, options.visibilitySeconds * 1000 - (clock.now() - process.startedAt)));
    process.onDeath = () => {
      if (!leave()) return;
      back();
      pull();
    };
    const event = {
      Records: [
        { messageId: String(message.id), body: message.body, attributes: { ApproximateReceiveCount: String(message.receives) } },
      ],
    } as unknown as SQSEvent;
    void options.work(process, event).then(({ batchItemFailures }) => {
      if (!leave()) return;
      if (process.failed && batchItemFailures.length === 0)
        stage.violate("2 what failed comes back", `${process.name} failed and its message is gone`);
      tell(process.name, batchItemFailures.length > 0 ? "fails" : "is done");
      if (batchItemFailures.length > 0) back();
      else message.state = "gone";
      process.dead = true;
      pull();
    });
  }

  return {
    dead,
    sent,
    waits,
    heldUp: () => held,
    mostHeld: (tenant) => busy.get(tenant)?.most ?? 0,
    idle: () => inWork === 0 && waiting === 0,
    pending: () => delayed.size,
    hurry() {
      hurried = true;
      for (const message of delayed) later(message, chance.between(0, 60_000));
    },
    send: (process, given, { delaySeconds = 0, group = "" } = {}) =>
      processes.call(process, chance.between(2, 20), () => {
        if (swarm.strike("send failed"))
          throw Object.assign(new Error("simulated: the queue does not answer"), { name: "TimeoutError" });
        const message =
          process.version === "next"
            ? { ...given, later: 1 }
            : // Other messages than these the last version did not know.
              process.version === "last" && "job" in given
              ? {
                  tenant: (given as { tenant?: string }).tenant,
                  job: (given as { job?: string }).job,
                  target: (given as { target?: string }).target,
                }
              : given;
        const body = JSON.stringify(message);
        options.onSent(given);
        const { job } = given as { job?: string };
        if (job) sent.set(job, (sent.get(job) ?? 0) + 1);
        tell(process.name, `sends ${body}${delaySeconds ? ` in ${delaySeconds} s` : ""}`);
        const milliseconds = Math.min(900, delaySeconds) * 1000;
        put(body, options.fair ? group : "", milliseconds);
        if (swarm.strike("message sent twice")) put(body, options.fair ? group : "", milliseconds);
        if (swarm.strike("send done, time-out")) throw Object.assign(new Error("simulated time-out"), { name: "TimeoutError" });
      }),
  };
}
