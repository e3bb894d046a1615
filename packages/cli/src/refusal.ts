import type { Problem } from "@berth/api-client/problem.ts";
import { type Exit, exits } from "./exit.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { clean, wrap } from "./terminal/text.ts";
import { moment } from "./terminal/time.ts";

/** What this program itself refuses. A code that the service has too means the same here. */
export const own = {
  "auth.required": { title: "You are not logged in", hint: "Log in, or give a token in BERTH_TOKEN.", next: ["berth login"] },
  "cli.usage": { title: "That command is not right" },
  "cli.confirm": { title: "That needs to be confirmed", hint: "Nobody is there to ask, so say --yes." },
  "cli.canceled": { title: "Canceled" },
  "cli.no_service": {
    title: "The address of Berth is not set",
    hint: "Give it once with --url, or in BERTH_URL.",
    next: ["berth login --url https://..."],
  },
  "cli.insecure": {
    title: "That address would show your token to the network",
    hint: "Use https://. Plain http:// is only for this machine.",
  },
  "cli.unreachable": {
    title: "Berth cannot be reached",
    hint: "Check the address and your network. What was started goes on by itself.",
  },
  "cli.unknown": {
    title: "It is not known whether that was done",
    hint: "The answer was lost on the way. Look before you do it again.",
    next: ["berth jobs list"],
  },
  "cli.unexpected": { title: "That answer does not come from Berth", hint: "Check the address given with --url or BERTH_URL." },
  "cli.config": { title: "The settings file cannot be used" },
  "cli.no_identity": {
    title: "This job cannot show who it is",
    hint: "Give the job the permission `id-token: write`, or unset BERTH_DEPLOYER and give a token in BERTH_TOKEN.",
  },
  "cli.no_compose": {
    title: "There is no Compose file here",
    hint: "Go to the app's folder, or name the file with --file.",
    next: ["berth deploy --file path/to/compose.yaml"],
  },
  "cli.no_app": { title: "It is not clear which app is meant", hint: "Name it, or go to its folder.", next: ["berth app list"] },
  "cli.other_project": {
    title: "An app of that name is deployed from somewhere else",
    hint: "Name the app to deploy it from here all the same, with --app or in berth.yaml. Another project needs another name.",
  },
  "cli.file": { title: "A file cannot be taken along" },
  "cli.key": { title: "The key could not be added" },
  "cli.system": { title: "This machine refused something that is needed" },
  "cli.internal": { title: "berth itself failed", hint: "That is a mistake in this program. Please report it." },
  "app.not_found": { title: "No such app", next: ["berth app list"] },
  "bundle.too_large": {
    title: "The bundle is too large",
    hint: "Put large files into an image or a volume; a bundle is for Compose files and small configuration.",
  },
  "compose.invalid": {
    title: "The Compose file is not valid",
    hint: "Fix it and deploy again; docker compose config, run beside it, finds the same mistake.",
  },
  "compose.plaintext": {
    title: "A credential stands in a Compose file",
    hint: "Keep it sealed, and write the variable in its place. What is no secret is let through by --allow-plaintext NAME, which the audit log keeps.",
  },
  "import.secret": {
    title: "The export holds a secret",
    hint: "Take it out, or in a Compose file put a variable in its place; give its value when you deploy.",
  },
  "target.key_mismatch": {
    title: "That is not the host key the server showed",
    hint: "Look at the fingerprint again; confirm only the one you can verify.",
  },
  "target.not_by_ssh": {
    title: "The target is reached by SSM, and has neither host key nor password",
    hint: "A role in your AWS account gives Berth access. Check the target to see whether it does.",
  },
} as const satisfies Record<string, { title: string; hint?: string; next?: readonly string[] }>;
export type OwnCode = keyof typeof own;

const ends: Record<string, Exit> = {
  "auth.required": exits.loggedOut,
  "cli.canceled": exits.canceled,
  "cli.unknown": exits.unknown,
};

/** Ends a command. `exit` is what the shell is told. */
export class Refused extends Error {
  readonly problem: Problem;
  readonly exit: Exit;
  /** Milliseconds after which the service is ready to be asked again, where it said so. */
  readonly after: number | undefined;

  constructor(problem: Problem, cause?: unknown, after?: number) {
    super(problem.detail ?? problem.title, { cause });
    this.problem = problem;
    this.after = after;
    this.exit = ends[problem.code] ?? exits.failed;
  }
}

export const refuse = (
  code: OwnCode,
  more: {
    readonly title?: string;
    readonly detail?: string;
    readonly hint?: string;
    readonly next?: readonly string[];
    readonly cause?: unknown;
  } = {},
): Refused => {
  const { cause, ...rest } = more;
  return new Refused({ code, ...own[code], ...rest }, cause);
};

export const usage = (detail: string, ...next: string[]) => refuse("cli.usage", { detail, ...(next.length > 0 && { next }) });

export const isProblem = (error: unknown, ...codes: readonly string[]): error is Refused =>
  error instanceof Refused && codes.includes(error.problem.code);

/** What the placeholders in the commands that the service suggests stand for. */
export type Names = { [word in "NAME" | "JOB" | "APP" | "FILE" | "REGISTRY"]?: string | undefined };

/** The problem with its placeholders filled in: by what the command knows, otherwise by what the problem says. */
export function fillIn(problem: Problem, names: Names): Problem {
  if (!problem.next) return problem;
  const next = problem.next.map((command) =>
    command.replaceAll(
      /\b(NAME|JOB|APP|FILE|REGISTRY)\b/g,
      (word) => names[word as keyof Names] ?? String(problem[word.toLowerCase()] ?? word),
    ),
  );
  return { ...problem, next };
}

/** What happened, to what, and what to do next, for people. */
export function explain(problem: Problem, terminal: Pick<Terminal, "errWidth" | "errPaint">): string[] {
  const { bold, red, dim, cyan } = terminal.errPaint;
  const width = Math.min(terminal.errWidth, 100) - 2;
  const text = (line: string | undefined) => (line ? wrap(clean(line), width).map((part) => `  ${part}`) : []);
  const { until, fix_url: fixUrl, url } = problem;
  const next = (problem.next ?? []).map((command) => `  ${cyan(clean(command))}`);
  return [
    ...wrap(clean(problem.title), width).map((line, i) => `${i === 0 ? red("✗") : " "} ${bold(line)}`),
    ...text(problem.detail),
    ...(typeof until === "string" && !problem.detail?.includes(until) ? text(`Until ${moment(until)}.`) : []),
    ...text(problem.hint),
    ...(typeof fixUrl === "string" ? [`  Fix it here: ${cyan(clean(fixUrl))}`] : []),
    ...(typeof url === "string" ? [`  The page: ${cyan(clean(url))}`] : []),
    ...(next.length > 0 ? [dim("  Try:"), ...next.map((line) => `  ${line}`)] : []),
    ...(problem.code === "internal" && problem.request ? [dim(`  Request ${clean(problem.request)}`)] : []),
  ];
}
