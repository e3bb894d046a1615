import { spawnSync } from "node:child_process";
import { modules } from "@berth/domain/remote/runner/modules.ts";
import { partOf, runner } from "@berth/domain/remote/runner.ts";
import { door, serve } from "@berth/domain/remote/ssm/scripts.ts";

/*
 * Lints the script that works on a server, joined, since its parts use one another, and those of the channel over SSM. Left out:
 *   SC2015  `a && b || fail`: meant, where b cannot fail without the whole having failed
 *   SC2016  `$` in single quotes: templates of Docker and programs of awk
 *   SC2030, SC2031  a variable set in a subshell: meant, for what is done meanwhile with a folder of its own
 *   SC3013  -nt and -ef, which dash, bash and busybox have
 */
const scripts = [
  [runner, placeOf],
  [door, (line: number) => `packages/domain/src/remote/ssm/door.sh:${line}`],
  [serve, (line: number) => `packages/domain/src/remote/ssm/serve.sh:${line}`],
] as const;
for (const [input, place] of scripts) {
  const { error, status, stdout } = spawnSync(
    "shellcheck",
    ["--shell=sh", "--format=gcc", "--exclude=SC2015,SC2016,SC2030,SC2031,SC3013", "-"],
    { input, encoding: "utf8" },
  );
  if (error) {
    process.stdout.write("shellcheck is not installed, so the runner was not linted: apt-get install shellcheck\n");
    break;
  }
  process.stdout.write(stdout.replaceAll(/^-:(\d+)/gmu, (_, line) => place(Number(line))));
  process.exitCode ||= status ?? 1;
}

/** Where a line of the whole is. */
function placeOf(line: number): string {
  let from = 1;
  for (const name of modules) {
    const lines = partOf(name).split("\n").length;
    if (line < from + lines) return `packages/domain/src/remote/runner/${name}.sh:${line - from + 1}`;
    from += lines;
  }
  return `line ${line}`;
}
