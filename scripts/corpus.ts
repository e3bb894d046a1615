import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Answer, type Judged, judge } from "../test/compose/corpus.ts";
import { Compose } from "../test/compose/real.ts";

// `npm run corpus -- <folder>`: what Compose and Berth say of every Compose file in a folder, and again after `berth app init --fix`.
// A folder in it with Compose files is one project. Nothing in the folder is changed. BERTH_LAB_COMPOSE names another Compose as the judge;
// `--write` keeps the figures of this Compose in docs/.

const { values, positionals } = parseArgs({ allowPositionals: true, options: { write: { type: "boolean" } } });
const [folder] = positionals;
const say = (text: string) => process.stdout.write(`${text}\n`);
if (folder === undefined) {
  say("npm run corpus -- <folder> [--write]");
  process.exit(2);
}

const root = await mkdtemp(join(tmpdir(), "berth-corpus-"));
const compose = await Compose.open();
const version = (await compose.run(root, ["version", "--short"])).stdout.trim().replace(/^v/u, "");

const named = (await readdir(folder)).sort();
const results: { name: string; judged: Judged }[] = [];
for (const name of named) {
  const from = resolve(folder, name);
  const project = join(root, name);
  const isFolder = (await stat(from)).isDirectory();
  if (isFolder) await cp(from, project, { recursive: true });
  else if (/\.ya?ml$/u.test(name)) {
    await mkdir(project);
    await cp(from, join(project, "compose.yaml"));
  } else continue;
  const judged = await judge(compose, project);
  results.push({ name: basename(name), judged });
  say(row(name, judged));
}

function row(name: string, { asItIs, fix }: Judged): string {
  const then = fix ? ` -> fixed: ${words(fix.after)}` : "";
  return `${name.padEnd(44)} ${words(asItIs)}${then}`;
}

function words(answer: Answer): string {
  if (answer.is === "equal") return "equal";
  return `${answer.is}: ${answer.reason}`;
}

const last = ({ asItIs, fix }: Judged): Answer => fix?.after ?? asItIs;
const count = (wanted: (judged: Judged) => boolean) => results.filter(({ judged }) => wanted(judged)).length;
const accepted = count(({ asItIs }) => asItIs.is === "equal");
const afterFix = count((judged) => judged.asItIs.is !== "equal" && last(judged).is === "equal");
const wrong = results.filter(({ judged }) => judged.asItIs.is === "wrong" || last(judged).is === "wrong");
const unsupported = results.filter(({ judged }) => last(judged).is === "unsupported");
const refused = results.filter(({ judged }) => last(judged).is === "refused");
const percent = (part: number) => `${Math.round((part / results.length) * 1000) / 10} %`;
const summary = [
  ["files", String(results.length)],
  ["accepted by Compose as they are, and the same to Berth", String(accepted)],
  ["refused with Compose's reason, and accepted after `berth app init --fix`", String(afterFix)],
  ["together", `${accepted + afterFix} (${percent(accepted + afterFix)})`],
  ["refused by Compose after it, too", String(refused.length)],
  ["accepted by Compose, not deployable yet", String(unsupported.length)],
  ["accepted by Compose and refused, or read otherwise", String(wrong.length)],
] as const;
say("");
for (const [what, figure] of summary) say(`${what.padEnd(74)} ${figure}`);

if (values.write) {
  const page = fileURLToPath(new URL(`../docs/corpus-${version.split(".").slice(0, 2).join(".")}.md`, import.meta.url));
  const left = [...refused, ...unsupported, ...wrong].map(
    ({ name, judged }) => `| ${name} | ${words(last(judged)).replaceAll("|", "\\|")} |`,
  );
  const text = [
    `# Compose files of others, read by Compose ${version}`,
    "",
    "Written by `npm run corpus -- <folder> --write`: each file alone in a folder, judged by `docker compose config`, compared with what a server's Compose",
    "makes of what `berth deploy` sends. After `berth app init --fix`, with a value for each variable that it leaves to be filled in, both are asked again.",
    "",
    "| | |",
    "| --- | --- |",
    ...summary.map(([what, figure]) => `| ${what} | ${figure} |`),
    ...(left.length > 0 ? ["", "Left:", "", "| file | why |", "| --- | --- |", ...left] : []),
    "",
  ].join("\n");
  await writeFile(page, text);
}
await compose.close();
await rm(root, { recursive: true, force: true });
process.exitCode = wrong.length > 0 ? 1 : 0;
