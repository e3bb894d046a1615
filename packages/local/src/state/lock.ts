import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Another running cloud has the folder. */
export class FolderTaken extends Error {}

/** Takes a state folder for this process, so that two clouds do not write the same files. Answers how to let go. @throws FolderTaken */
export function takeFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "pid");
  const mine = `${process.pid} ${startOf(process.pid)}\n`;
  for (;;) {
    try {
      writeFileSync(file, mine, { flag: "wx", mode: 0o600 });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const [pid = 0, start] = readFileSync(file, "utf8").trim().split(" ").map(Number);
    if (pid > 0 && startOf(pid) === start) throw new FolderTaken(`${folder} is in use by process ${pid}`);
    rmSync(file, { force: true });
  }
}

/** When a process started, in ticks since boot; a number is given again to another process, the pair is not. 0 where there is none. */
function startOf(pid: number): number {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(line.slice(line.lastIndexOf(")") + 2).split(" ")[19]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return process.platform === "linux" ? 0 : alive(pid);
}

/** Where there is no /proc: 1 for a process that is there. */
function alive(pid: number): number {
  try {
    process.kill(pid, 0);
    return 1;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? 1 : 0;
  }
}
