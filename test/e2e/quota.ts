/** A quarter of the machine for a program and what it starts, by whichever control groups the machine has. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { until } from "../lab/until.ts";

const period = 100_000;

interface Quota {
  readonly how: string;
  /** What has the quota is put in here, by its process id. */
  readonly members: string | undefined;
  remove(): Promise<void>;
}

/** A control group whose processes have a quarter of all cores together; where none can be made, three others compete for each core. */
function makeQuota(): Quota {
  const quota = Math.round((period * availableParallelism()) / 4);
  const name = `berth-quota-${process.pid}`;
  try {
    if (existsSync("/sys/fs/cgroup/cgroup.controllers")) {
      const group = makeGroup(`/sys/fs/cgroup/${name}`);
      try {
        writeFileSync("/sys/fs/cgroup/cgroup.subtree_control", "+cpu");
        writeFileSync(`${group}/cpu.max`, `${quota} ${period}`);
      } catch (error) {
        rmdirSync(group);
        throw error;
      }
      return { how: "cgroup v2", members: `${group}/cgroup.procs`, remove: () => removed(group) };
    }
    const mount = readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" "))
      .find(([, , type, options]) => type === "cgroup" && options?.split(",").includes("cpu"));
    if (!mount?.[1]) throw new Error("no control group has the CPU");
    const group = makeGroup(`${mount[1]}/${name}`);
    writeFileSync(`${group}/cpu.cfs_period_us`, String(period));
    writeFileSync(`${group}/cpu.cfs_quota_us`, String(quota));
    return { how: "cgroup v1", members: `${group}/cgroup.procs`, remove: () => removed(group) };
  } catch (error) {
    const busy = Array.from({ length: 3 * availableParallelism() }, () => spawn("sh", ["-c", "while :; do :; done"]));
    const remove = async () => void busy.map((child) => child.kill("SIGKILL"));
    return { how: `competition (${error instanceof Error ? error.message : error})`, members: undefined, remove };
  }
}

function makeGroup(path: string): string {
  mkdirSync(path);
  return path;
}

/** A group can be removed once its last process has ended. */
const removed = (group: string) =>
  until(async () => {
    rmdirSync(group);
    return true;
  }, `${group} to be empty`);

/** Runs a program in a quarter of the machine; answers as it ends. */
export async function inAQuarter<T>(
  program: string,
  args: readonly string[],
  options: SpawnOptions,
  work: (child: ChildProcess, how: string) => Promise<T>,
): Promise<T> {
  const { how, members, remove } = makeQuota();
  try {
    const enter = 'test -z "$1" || echo $$ >"$1"; shift; exec "$@"';
    return await work(spawn("sh", ["-c", enter, "sh", members ?? "", program, ...args], options), how);
  } finally {
    await remove();
  }
}
