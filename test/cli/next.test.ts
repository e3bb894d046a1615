import { type CatalogueEntry, catalogue } from "@berth/domain/error.ts";
import { expect, test } from "vitest";
import { commands } from "../../packages/cli/src/commands.ts";
import { createProgram } from "../../packages/cli/src/program.ts";
import { plain } from "../../packages/cli/src/terminal/paint.ts";
import type { Terminal } from "../../packages/cli/src/terminal/terminal.ts";

const suggested = Object.entries<CatalogueEntry>(catalogue).flatMap(([code, { next = [] }]) =>
  next.filter((step) => step.startsWith("berth ")).map((command) => ({ code, command })),
);

/** The command as the program takes it: a noun alone means one of its verbs. */
function wordsOf(command: string): string[] {
  const [program, ...words] = command.split(" ");
  expect(program).toBe("berth");
  const noun = commands.find(({ name }) => name === words[0]);
  const alone = noun && "verbs" in noun && (words[1] === undefined || words[1].startsWith("-")) ? noun.alone : undefined;
  return alone === undefined ? words : words.toSpliced(1, 0, alone);
}

test.each(suggested)("$code leads to $command, which there is, with those arguments and options", async ({ command }) => {
  const terminal = { width: 80, paint: plain, raw: () => undefined } as unknown as Terminal;
  let ran = 0;
  const program = createProgram(terminal, async () => void ran++);
  await program.parseAsync(wordsOf(command), { from: "user" });
  expect(ran).toBe(1);
});

test("every refusal for the bill leads on to a command", () => {
  const billing = Object.entries<CatalogueEntry>(catalogue).filter(([code]) => code.startsWith("billing."));
  expect(billing.length).toBeGreaterThan(10);
  for (const [code, { next = [] }] of billing) expect(next.length, code).toBeGreaterThan(0);
});

test("a command that there is not, or not with that option, would not pass", async () => {
  const terminal = { width: 80, paint: plain, raw: () => undefined } as unknown as Terminal;
  const take = (command: string) => createProgram(terminal, async () => undefined).parseAsync(wordsOf(command), { from: "user" });
  await expect(take("berth billing chagne PLAN")).rejects.toThrow();
  await expect(take("berth billing --again")).rejects.toThrow();
  await expect(take("berth billing change")).rejects.toThrow();
});
