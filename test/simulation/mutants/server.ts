// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { of } from "./of.ts";

const runner = "test/simulation/runner.ts";

/** What the server keeps to. */
export const serverMutants = [
  of(runner, "the server does not compare fences", "if (fence < stored) return", "if (fence < 0) return"),
  of(
    runner,
    "the server starts a run again that has ended",
    "if (run && (run.alive || run.exit)) return undefined;",
    "if (run?.alive) return undefined;",
  ),
  of(
    runner,
    "a caller with the same fence starts a run again",
    "if (run?.pid && input.fence <= run.fence) return undefined;\n    return start",
    "if (run?.alive) return undefined;\n    if (run) server.mutation = undefined;\n    return start",
  ),
  of(
    runner,
    "what is put back asks again what its tag means",
    "run.previous ? project.healthy.get(run.previous) : undefined",
    'run.previous ? imageOf({ pull: "always" }) : undefined',
  ),
  of(runner, "a removal can be stopped half-way", "if (run.removing) run.canceled = false;", ""),
  of(
    "test/simulation/trouble.ts",
    "what served before is forgotten when the server reboots",
    "server.mutation.life++;",
    "server.mutation.life++;\n      server.mutation.previous = undefined;",
  ),
  of(
    runner,
    "a run can be canceled before it began, and begins",
    'server.runs.set(job, { ...createRun(job), exit: verdict(1, "canceled", "Canceled before it began") });',
    "",
  ),
  of(
    runner,
    "what was recorded before the server went away is done over",
    "else if (run.recorded) record",
    "else if (run.recorded && run.canceled) record",
  ),
];
