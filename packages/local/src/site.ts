import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const sources = ["src", "public", "index.html", "vite.config.ts", "package.json"];

/** Whether the dashboard's files are missing or older than what they are made from. */
export function siteIsStale(web: string): boolean {
  const built = join(web, "dist/index.html");
  if (!existsSync(built)) return existsSync(join(web, "index.html"));
  const at = statSync(built).mtimeMs;
  return sources.some((part) => newest(join(web, part)) > at);
}

function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Builds the dashboard with the repository's own Vite. Resolves with what it said and whether it succeeded. */
export function buildSite(root: string): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    const vite = join(root, "node_modules/vite/bin/vite.js");
    const child = spawn(process.execPath, [vite, "build"], {
      cwd: join(root, "packages/web"),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    child.once("error", reject);
    child.once("exit", (code) => resolve({ ok: code === 0, output }));
  });
}
