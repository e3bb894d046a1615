/** The README's first command, as it is and on a machine that is four times slower: every step holds, whatever the speed. */
import { type ChildProcess, spawn } from "node:child_process";
import { describe, expect, test } from "vitest";
import { available } from "../lab/lab.ts";
import { inAQuarter } from "./quota.ts";

const reason = available();
const minutes = 60_000;
const program = ["scripts/demo.ts"];

async function told(child: ChildProcess): Promise<{ code: number | null; text: string }> {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, text };
}

describe.skipIf(reason)(`the demo${reason ? ` (skipped: ${reason})` : ""}`, () => {
  test(
    "holds in every step",
    async () => {
      const { code, text } = await told(spawn(process.execPath, program, { stdio: ["ignore", "pipe", "pipe"] }));
      expect(text).toContain("Every step held");
      expect(code).toBe(0);
    },
    20 * minutes,
  );

  test(
    "holds in every step in a quarter of the machine",
    async () => {
      await inAQuarter(process.execPath, program, { stdio: ["ignore", "pipe", "pipe"] }, async (child, how) => {
        const { code, text } = await told(child);
        expect(text, how).toContain("Every step held");
        expect(code).toBe(0);
      });
    },
    30 * minutes,
  );
});
