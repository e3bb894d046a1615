import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly milliseconds: number;
}

/** The command line as its customer has it: a process of its own, with a configuration folder of its own. */
export interface Berth {
  run(args: readonly string[], options?: { cwd?: string; input?: string; onLine?: (line: string) => void }): Promise<Ran>;
  /** The last JSON object it prints. @throws Error with what it said, when it fails */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the command answers
  json(args: readonly string[], options?: { cwd?: string }): Promise<any>;
}

export function createBerth(program: string, env: NodeJS.ProcessEnv): Berth {
  const berth: Berth = {
    run(args, { cwd, input, onLine } = {}) {
      const from = performance.now();
      const child = spawn(process.execPath, [program, ...args], {
        cwd,
        env: { ...process.env, ...env },
        stdio: ["pipe", "pipe", "pipe"],
      });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      // Whole lines: what is read at once may end in the middle of one.
      if (onLine)
        for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", (line) => line && onLine(line));
      child.stdin.on("error", () => {}); // a command that does not read its input may be gone before it is written
      child.stdin.end(input ?? "");
      return new Promise((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr, milliseconds: performance.now() - from }));
      });
    },
    async json(args, options) {
      const ran = await berth.run([...args, "--json"], options);
      const last = ran.stdout.trim().split("\n").at(-1) ?? "";
      if (ran.code !== 0) throw new Error(`berth ${args.join(" ")} exited ${ran.code}: ${last || ran.stderr}`);
      return JSON.parse(last);
    },
  };
  return berth;
}
