import type { Stage } from "./stage.ts";

/** One start of a function: what it was started for, and whether it still lives. What a dead one waited for never comes. */
export interface Process {
  readonly name: string;
  readonly skew: number;
  /** Code of the next version writes rows and messages with fields ours does not know; code of the last one lacks newer fields. */
  readonly version: "ours" | "next" | "last";
  readonly job?: string | undefined;
  /** The session of reading logs it is started for. */
  readonly log?: string | undefined;
  tenant?: string | undefined;
  /** Idempotency-Key of the request it answers. */
  readonly once?: string | undefined;
  dead: boolean;
  frozenUntil: number;
  readonly startedAt: number;
  /** Write units spent. */
  spent: number;
  onDeath?: () => void;
  /** It has said that its message failed. */
  failed?: boolean;
}

interface Birth {
  readonly name: string;
  readonly job?: string | undefined;
  readonly log?: string | undefined;
  readonly tenant?: string | undefined;
  readonly once?: string | undefined;
}

export interface Processes {
  start(birth: Birth): Process;
  /** One call to the world outside: happens after the latency, unless the process dies or freezes first, or hears nothing of it. */
  call<T>(process: Process, milliseconds: number, act: () => T): Promise<T>;
  sleep(process: Process, milliseconds: number, signal?: AbortSignal): Promise<void>;
  kill(process: Process): void;
}

const MINUTE = 60_000;

export function createProcesses(stage: Stage): Processes {
  const { chance, clock, swarm, tell } = stage;
  let born = 0;

  function kill(process: Process): void {
    if (process.dead) return;
    process.dead = true;
    tell(process.name, "dies");
    process.onDeath?.();
  }

  function freeze(process: Process): number {
    const milliseconds = chance.between(1, 14 * MINUTE);
    process.frozenUntil = clock.now() + milliseconds;
    tell(process.name, `freezes for ${Math.round(milliseconds / 1000)} s`);
    return milliseconds;
  }

  return {
    kill,
    start: (birth) => ({
      ...birth,
      name: `${birth.name}.${++born}`,
      skew: swarm.strike("clock skewed") ? chance.between(-10 * MINUTE, 10 * MINUTE) : 0,
      version: swarm.strike("code of another version") ? chance.pick(["next", "last"] as const) : "ours",
      dead: false,
      frozenUntil: 0,
      startedAt: clock.now(),
      spent: 0,
    }),
    call: (process, milliseconds, act) =>
      new Promise((resolve, reject) => {
        const happen = () => {
          if (process.dead) return;
          const frozen = process.frozenUntil - clock.now();
          if (frozen > 0) return clock.after(frozen, happen);
          const dies = swarm.strike("process killed") ? chance.pick(["before", "after"] as const) : undefined;
          const freezes = swarm.strike("process frozen") ? chance.pick(["before", "after"] as const) : undefined;
          if (dies === "before") return kill(process);
          if (freezes === "before") return clock.after(freeze(process), happen);
          const answer = () => {
            try {
              const value = act();
              return () => resolve(value);
            } catch (error) {
              return () => reject(error);
            }
          };
          const say = answer();
          if (dies === "after") return kill(process);
          if (freezes === "after") return clock.after(freeze(process), () => process.dead || say());
          say();
        };
        clock.after(milliseconds, happen);
      }),
    sleep: (process, milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        let over = false;
        const wake = () => {
          if (over || process.dead) return;
          const frozen = process.frozenUntil - clock.now();
          if (frozen > 0) return clock.after(frozen, wake);
          over = true;
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        signal?.addEventListener("abort", wake, { once: true });
        clock.after(milliseconds, wake);
      }),
  };
}
