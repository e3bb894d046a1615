import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Report, Share } from "./worker-thread.ts";

/** One thread's share of seeds, in a bundle of the simulation. Answers its reports summed up. Ten seeds without an end, or with a crash, count as bad. */
function share(bundle: string, data: Share, limitSeconds: number): Promise<Report> {
  return new Promise((resolve) => {
    const worker = new Worker(bundle, { workerData: data, resourceLimits: { maxOldGenerationSizeMb: 1000 } });
    let sum: Report = { seeds: 0, events: 0, jobs: 0, seconds: 0, calm: 0, faults: {}, bad: [], done: false };
    const end = (report: Report) => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(report);
    };
    const give = (what: string) => {
      const seed = data.seeds[sum.seeds] ?? 0;
      end({ ...sum, bad: [...sum.bad, { seed, invariant: "the history ends", what: `from this seed on, ${what}` }] });
    };
    const late = () => give(`not within ${limitSeconds} s of real time`);
    let timer = setTimeout(late, limitSeconds * 1000);
    worker.on("message", (report: Report) => {
      sum = add(sum, report);
      clearTimeout(timer);
      timer = setTimeout(late, limitSeconds * 1000);
      if (report.done) end(sum);
    });
    worker.on("error", (error: Error) => give(error.message));
  });
}

function add(a: Report, b: Report): Report {
  const faults: Record<string, number> = { ...a.faults };
  for (const [fault, count] of Object.entries(b.faults)) faults[fault] = (faults[fault] ?? 0) + count;
  return {
    seeds: a.seeds + b.seeds,
    events: a.events + b.events,
    jobs: a.jobs + b.jobs,
    seconds: a.seconds + b.seconds,
    calm: a.calm + b.calm,
    faults,
    bad: [...a.bad, ...b.bad].sort((one, other) => one.seed - other.seed),
    done: b.done,
  };
}

export const cores = Math.max(1, Math.min(8, availableParallelism()));

/** Runs seeds on all cores, or on as many threads as given. */
export async function runSeeds(bundle: string, seeds: readonly number[], threads = cores, limitSeconds = 300): Promise<Report> {
  const shares = Array.from({ length: threads }, (_, thread) => seeds.filter((__, i) => i % threads === thread));
  const reports = await Promise.all(shares.map((each) => share(bundle, { seeds: each, first: false }, limitSeconds)));
  return reports.reduce(add);
}

/** Runs seeds on one core until one is bad; answers that one. */
export async function firstBad(bundle: string, seeds: readonly number[], limitSeconds: number): Promise<Report> {
  return share(bundle, { seeds, first: true }, limitSeconds);
}
