import { parentPort, workerData } from "node:worker_threads";
import { history } from "./history.ts";

/** What a thread is told: which seeds are its share, and whether the first violation ends it. */
export interface Share {
  readonly seeds: readonly number[];
  readonly first: boolean;
}

/** What it reports, every ten seeds and at the end: on a machine that does much else, more of them may take minutes. */
export interface Report {
  readonly seeds: number;
  readonly events: number;
  readonly jobs: number;
  readonly seconds: number;
  readonly calm: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly bad: readonly { readonly seed: number; readonly invariant: string; readonly what: string }[];
  readonly done: boolean;
}

// Histories throw refusals by the hundred, and to note where each was thrown takes a fifth of the time; `--seed` tells it.
Error.stackTraceLimit = 0;
const { seeds, first } = workerData as Share;
let sum = empty();

function empty() {
  return {
    seeds: 0,
    events: 0,
    jobs: 0,
    seconds: 0,
    calm: 0,
    faults: {} as Record<string, number>,
    bad: [] as Report["bad"][number][],
  };
}

for (const [i, seed] of seeds.entries()) {
  const told = await history(seed).catch((error: unknown) => error as Error);
  sum.seeds++;
  if (told instanceof Error) sum.bad.push({ seed, invariant: "the history ends", what: String(told.stack) });
  else {
    sum.events += told.events;
    sum.jobs += told.jobs;
    sum.seconds += told.seconds;
    sum.calm += told.calm ? 1 : 0;
    for (const [fault, count] of Object.entries(told.faults)) sum.faults[fault] = (sum.faults[fault] ?? 0) + count;
    const [violation] = told.violations;
    if (violation) sum.bad.push({ seed, invariant: violation.invariant, what: violation.what });
  }
  if (i % 10 === 9) {
    parentPort?.postMessage({ ...sum, done: false } satisfies Report);
    sum = empty();
  }
  if (first && sum.bad.length > 0) break;
}
parentPort?.postMessage({ ...sum, done: true } satisfies Report);
