import type { CloudClock } from "../clock/clock.ts";
import { createKeeper, readJson } from "../state/file.ts";

export interface Scheduled {
  readonly name: string;
  readonly everyMinutes: number;
  readonly run: () => Promise<unknown>;
}

/** Runs what is due by the cloud's clock: each schedule again when its time has passed since the last run, and never twice at once. */
export interface Scheduler {
  /** Runs everything that is due now, once each, and waits for it. */
  runDue(): Promise<void>;
  /** Runs one now. */
  run(name: string): Promise<void>;
  close(): Promise<void>;
}

const LOOK_MS = 1000;

export function createScheduler(
  schedules: readonly Scheduled[],
  options: { readonly clock: CloudClock; readonly log: (text: string) => void; readonly file?: string | undefined },
): Scheduler {
  const { clock, log, file } = options;
  const saved = (file === undefined ? undefined : (readJson(file) as Record<string, number> | undefined)) ?? {};
  const last = new Map(schedules.map(({ name }) => [name, saved[name] ?? clock.now()]));
  const keeper = createKeeper(file, () => Object.fromEntries(last));
  const running = new Map<string, Promise<void>>();
  // A last run in the future is from before the clock was set back.
  const due = ({ name, everyMinutes }: Scheduled) => {
    const since = clock.now() - (last.get(name) ?? 0);
    return since >= everyMinutes * 60_000 || since < 0;
  };

  function start(each: Scheduled): Promise<void> {
    const under = running.get(each.name);
    if (under) return under;
    last.set(each.name, clock.now());
    keeper.touch();
    const done = each
      .run()
      .then(
        () => {},
        (error: unknown) => log(`schedule ${each.name}: ${error instanceof Error ? error.message : String(error)}`),
      )
      .finally(() => running.delete(each.name));
    running.set(each.name, done);
    return done;
  }

  const timer = setInterval(() => {
    for (const each of schedules) if (due(each)) void start(each);
  }, LOOK_MS).unref();

  return {
    runDue: async () => void (await Promise.all(schedules.filter(due).map(start))),
    run: (name) => {
      const found = schedules.find((each) => each.name === name);
      return found ? start(found) : Promise.reject(new Error(`there is no schedule ${name}`));
    },
    close: async () => {
      clearInterval(timer);
      await Promise.all(running.values());
      keeper.flush();
    },
  };
}
