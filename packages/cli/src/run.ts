import { realpathSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { CommanderError } from "commander";
import { commands } from "./commands.ts";
import { type Exit, exits } from "./exit.ts";
import { createProgram } from "./program.ts";
import { explain, Refused, refuse, usage } from "./refusal.ts";
import { banner, createSession, type Session } from "./session.ts";
import { watchOutput, written } from "./terminal/output.ts";
import { type Terminal, terminalOf } from "./terminal/terminal.ts";
import { version } from "./version.ts";

/** Does what the command line says and leaves its exit code in the process. */
export async function run(args: readonly string[]): Promise<void> {
  watchOutput();
  const json = before(args, "--").includes("--json");
  const terminal = terminalOf(process.env, process, json);
  process.exitCode = await perform(args, terminal, json);
  // What waits for a key or holds a connection open must not keep a finished command.
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit();
}

async function perform(args: readonly string[], terminal: Terminal, json: boolean): Promise<Exit> {
  let session: Session | undefined;
  let exit: Exit = exits.done;
  let refusedForBill = false;
  // What the environment says in an option's place is not what was typed.
  const typedOf = (option: string) =>
    program.getOptionValueSource(option) === "cli" ? String(program.getOptionValue(option)) || undefined : undefined;
  const program = createProgram(terminal, async (ready, given, flags) => {
    session = createSession({
      terminal,
      json,
      env: process.env,
      folder: folderOf(process.env.PWD),
      asked: { context: typedOf("context"), url: typedOf("url") },
      stdin: process.stdin,
    });
    exit = await ready.run(session, given, flags);
  });
  try {
    const words = await typed(args, terminal);
    if (asksVersion(before(words, "--"))) terminal.out(json ? JSON.stringify({ version: version() }) : version());
    else await program.parseAsync(words, { from: "user" });
  } catch (error) {
    exit = fail(error, args, terminal, json);
    refusedForBill = error instanceof Refused && error.problem.code.startsWith("billing.");
  }
  if (session?.entitlement && !refusedForBill) terminal.err(...banner(session.entitlement, await session.place(), terminal));
  return exit;
}

/** With a number after it, it is the version of something else. */
const asksVersion = (words: readonly string[]) =>
  words.some((word, i) => word === "-V" || (word === "--version" && !/^\d/.test(words[i + 1] ?? "")));

/** The command line, asked for where nothing was typed; `help a b` is `a b --help`. */
async function typed(args: readonly string[], terminal: Terminal): Promise<string[]> {
  if (args.length === 0 && terminal.interactive) {
    const { pick } = await import("./picker/picker.ts");
    return pick(terminal);
  }
  if (args[0] === "help") return [...args.slice(1), "--help"];
  const words = wordsIn(args);
  const listed = named(words[0]);
  const noun = listed && "verbs" in listed ? listed : undefined;
  if (words.length > 1 || (words.length === 1 && !noun)) return [...args];
  if (!noun?.alone || args.includes("--help") || args.includes("-h")) return [...args, "--help"];
  return args.toSpliced(args.findIndex(isWord) + 1, 0, noun.alone);
}

const named = (word: string | undefined) =>
  commands.find(({ name, also = [] }) => word !== undefined && [name, ...also].includes(word));

const shown = new Set(["commander.helpDisplayed", "commander.help", "commander.version"]);

function fail(error: unknown, args: readonly string[], terminal: Terminal, json: boolean): Exit {
  const refused = error instanceof CommanderError ? mistyped(error, args) : ofTheMachine(error);
  if (refused === undefined) return exits.done;
  if (!(refused instanceof Refused)) return broken(refused, terminal, json);
  if (json) terminal.out(JSON.stringify({ ...refused.problem, next: refused.problem.next ?? [] }));
  else terminal.err(...explain(refused.problem, terminal));
  return refused.exit;
}

/** What the system refused, to whichever file or program: no mistake of ours. */
function ofTheMachine(error: unknown): unknown {
  const { code, syscall, message } = (error ?? {}) as NodeJS.ErrnoException;
  if (!(error instanceof Error) || typeof syscall !== "string" || !/^E[A-Z0-9]+$/.test(code ?? "")) return error;
  return refuse("cli.system", { detail: message, cause: error });
}

/** The folder as the shell came to it: `current`, and not what the link leads to today. */
function folderOf(shown: string | undefined): string {
  const folder = process.cwd();
  try {
    return shown && isAbsolute(shown) && realpathSync(shown) === realpathSync(folder) ? resolve(shown) : folder;
  } catch {
    return folder;
  }
}

/** A mistake of this program's own: said with all that is known, since only its authors can fix it. */
function broken(error: unknown, terminal: Terminal, json: boolean): Exit {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const text = told.replaceAll(/\bberth_[a-z]+_\w+/g, "berth_…");
  if (json) terminal.out(JSON.stringify({ ...refuse("cli.internal", { detail: text }).problem, next: [] }));
  else terminal.err(`berth ${version()} itself failed. Please report this:`, text);
  return exits.failed;
}

function mistyped(error: CommanderError, args: readonly string[]): Refused | undefined {
  if (shown.has(error.code)) return undefined;
  const [message = "", ...more] = error.message.replace(/^error: /, "").split("\n");
  const hint = more.join(" ").replace(/^\(|\)$/g, "");
  const [noun = "", verb] = wordsIn(args);
  const listed = named(noun);
  const known =
    listed && "verbs" in listed && listed.verbs.some(({ name }) => name === verb) ? [noun, verb] : listed ? [noun] : [];
  const sentence = message.charAt(0).toUpperCase() + message.slice(1);
  const { problem } = usage(/[.?!]$/.test(sentence) ? sentence : `${sentence}.`, ["berth", ...known, "--help"].join(" "));
  return new Refused({ ...problem, ...(hint && { hint }) });
}

const valued = new Set(["--context", "--url"]);
/** Neither an option nor the value of one that stands before a command. */
const isWord = (arg: string, at: number, args: readonly string[]) => !arg.startsWith("-") && !valued.has(args[at - 1] ?? "");
const wordsIn = (args: readonly string[]) => before(args, "--").filter(isWord);
const before = (args: readonly string[], end: string) => (args.includes(end) ? args.slice(0, args.indexOf(end)) : args);
