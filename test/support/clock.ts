interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Noon of the first of March 2027: a month of 31 days, far from any change of clocks. */
const START = new Date("2027-03-01T12:00:00.000Z");

/**
 * A clock a test turns. A standing one moves only when told: `advance` wakes everything that sleeps until then, in order. A sleep without a
 * signal leaps, that is, it turns the clock on by its time at once, so that no test waits; a sleep with one (a watch that goes on until
 * something ends) waits to be woken. A running one also moves with real time, for tests with other processes.
 */
export interface Clock {
  readonly now: () => Date;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Moves the clock on, waking sleepers one after the other with time in between for what they then do. */
  advance(seconds: number): Promise<void>;
  /** Sets it to a moment not before its own. */
  moveTo(at: Date | string): Promise<void>;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createClock(options: { readonly start?: Date; readonly running?: boolean } = {}): Clock {
  const { start = START, running = false } = options;
  const began = performance.now();
  let turned = 0;
  const sleepers = new Set<Sleeper>();
  const passed = () => turned + (running ? Math.floor(performance.now() - began) : 0);
  const time = () => start.getTime() + passed();

  async function turnTo(at: number): Promise<void> {
    for (;;) {
      const next = [...sleepers].filter(({ until }) => until <= at).sort((a, b) => a.until - b.until)[0];
      if (!next) break;
      turned += Math.max(0, next.until - time());
      sleepers.delete(next);
      next.wake();
      await turn();
      await turn();
    }
    turned += Math.max(0, at - time());
  }

  function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    if (!running && signal === undefined) return turn().then(() => turnTo(time() + milliseconds));
    return new Promise((resolve) => {
      const timer = running ? setTimeout(() => end(), milliseconds) : undefined;
      const sleeper: Sleeper = { until: time() + milliseconds, wake: () => end() };
      const end = () => {
        clearTimeout(timer);
        sleepers.delete(sleeper);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", end, { once: true });
    });
  }

  return {
    now: () => new Date(time()),
    sleep,
    advance: (seconds) => turnTo(time() + seconds * 1000),
    moveTo: (at) => turnTo(new Date(at).getTime()),
  };
}
