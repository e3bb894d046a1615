/** What those who mean harm cost others: the worst requests, and a tenant that does its worst beside another. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measured } from "../api/worst/measure.ts";
import { SHARE, waitsBeside } from "../domain/hostile-tenant.ts";
import { amount, type Figure } from "./figure.ts";

const KILOBYTES = { body: 256, compose: 32 };

/** The processor's time of the dearest request of all routes, and what a process that is asked all of them holds. */
export function worstRequests(): Figure[] {
  const program = fileURLToPath(new URL("../api/worst/measure.ts", import.meta.url));
  const sizes = Object.entries(KILOBYTES).flatMap(([name, size]) => [`--${name}`, String(size * 1024)]);
  const { requests, dearest, memory, before } = JSON.parse(
    execFileSync(process.execPath, ["--max-old-space-size=320", program, ...sizes, "--tell", "100000", "--enough", "50"], {
      encoding: "utf8",
      maxBuffer: 256 * 1024 * 1024,
    }),
  ) as Measured;
  const most = (what: string, found: (shape: string) => boolean): Figure => {
    const cost = dearest.find(({ shape }) => found(shape));
    if (!cost) throw new Error(`nothing was asked of ${what}`);
    return {
      what,
      budget: "≤ 100 ms of CPU",
      measured: `${cost.milliseconds.toFixed(0)} ms against ${cost.plain.toFixed(0)} ms of a plain one (${cost.route}, ${cost.shape}; the least of three)`,
      met: cost.milliseconds <= 100,
    };
  };
  const isImport = (shape: string) => shape.startsWith("ten apps of ");
  const isCompose = (shape: string) => /(^|\.)compose: /.test(shape);
  return [
    most(
      `dearest of ${requests} worst requests, bodies of up to ${KILOBYTES.body} KB`,
      (shape) => !isImport(shape) && !isCompose(shape),
    ),
    most(`dearest worst Compose file, ${KILOBYTES.compose} KB`, isCompose),
    most(`dearest import of ten worst Compose files, ${(4 * KILOBYTES.compose) / 10} KB each`, isImport),
    amount("memory of a process that was asked all of them", 768, [memory], `MB (${before.toFixed(0)} MB before)`),
  ];
}

/** In virtual seconds, so whatever the machine does. */
export async function besideHostile(): Promise<Figure[]> {
  const [quiet, attacked] = [await waitsBeside(false), await waitsBeside(true)];
  const wait = (what: "check" | "deploy"): Figure => ({
    what: `a ${what} beside a tenant that asks for all it can of 15 silent servers`,
    budget: "≤ 2 × in quiet",
    measured: `${attacked[what]} s against ${quiet[what]} s`,
    met: attacked[what] <= 2 * quiet[what],
  });
  return [wait("check"), wait("deploy"), amount("workers that such a tenant holds", SHARE, [attacked.held], "of 100")];
}
