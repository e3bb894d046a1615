import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Agent } from "@berth/local/ssm/run-command.ts";

/** The environment of an agent that systemd started: it has no HOME. */
const BARE = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };

/** Runs scripts on this machine as an agent does: from a file, in a process group that is ended with the command, waiting for the script alone. */
export const shellAgent =
  (env: Readonly<Record<string, string>> = BARE, command: readonly string[] = ["sh"]): Agent =>
  (script, signal) =>
    new Promise((resolve, reject) => {
      const folder = mkdtempSync(`${tmpdir()}/berth-agent-`);
      writeFileSync(`${folder}/_script.sh`, script, { mode: 0o700 });
      const [program = "sh", ...args] = command;
      const child = spawn(program, [...args, `${folder}/_script.sh`], {
        env: { ...env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const said = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const)
        child[name].on("data", (chunk: Buffer) => {
          said[name] += chunk.toString();
        });
      const stop = () => {
        if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      };
      signal.addEventListener("abort", stop, { once: true });
      child.once("error", reject);
      child.once("close", (code) => {
        signal.removeEventListener("abort", stop);
        rmSync(folder, { recursive: true, force: true });
        resolve({ code: code ?? 137, ...said });
      });
    });
