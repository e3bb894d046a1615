import { readFileSync } from "node:fs";
import { catalogue } from "@berth/domain/error.ts";
import { failures } from "@berth/domain/job/failure.ts";
import { jobKinds } from "@berth/domain/job/words.ts";
import { expect, test } from "vitest";
import { filesOf, type Source } from "./support/source.ts";
import { below, code, local } from "./support/tree.ts";

/** Code that reaches a customer, an operator or a server. */
const product = below("functions/", "infra/", "packages/").filter(({ path }) => !local.test(path));

const lines = (sources: readonly Source[], pattern: RegExp) =>
  sources.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, i) => (pattern.test(line.replace(/^\s*(\*|\/\/|\/\*).*/, "")) ? [`${path}:${i + 1} ${line.trim()}`] : [])),
  );

test("there are no barrels, no default exports outside configuration, no namespaces and no enums", () => {
  expect(code.filter(({ path }) => /(^|\/)index\.tsx?$/.test(path)).map(({ path }) => path)).toEqual([]);
  const plain = code.filter(({ path }) => !/\.config\.ts$/.test(path));
  expect(lines(plain, /^\s*export (default\b|\*)/)).toEqual([]);
  expect(lines(code, /^\s*(export )?(declare )?(namespace \w|(const )?enum \w)/)).toEqual([]);
});

/** Files of the domain that may look at the machine's own clock or chance, and why. */
const worldly: Record<string, string> = {
  "packages/domain/src/remote/events.ts":
    "a verdict of the transport is stamped where it is made; the recorder gives events their order",
  "packages/domain/src/remote/key.ts": "keys need the machine's randomness",
  "packages/domain/src/remote/send.ts": "a real channel is kept awake in real time",
  "packages/domain/src/remote/ssh.ts": "a real connection needs real time-outs",
};

test("the domain takes time and chance from its world, so that a seed replays a history", () => {
  const used = lines(
    below("packages/domain/"),
    /Date\.now\(|Math\.random\(|new Date\(\)|\bset(Timeout|Interval|Immediate)\(|\brandom(Bytes|UUID|Int)\(|performance\.now\(/,
  );
  const files = new Set(used.map((line) => line.slice(0, line.indexOf(":"))));
  expect([...files].filter((file) => !worldly[file])).toEqual([]);
  for (const file of Object.keys(worldly)) expect(files, `${file} needs no exception any more`).toContain(file);
});

/** Who may recognize a refusal, and why. */
const recognizing: Record<string, string> = {
  "packages/domain/src/import/apply.ts": "an import goes on where one of the verbs it calls is refused, and its plan says so",
  "packages/domain/src/deployment/whole.ts":
    "only a worker opens a bundle, so what is in the way of an add-on that came later ends the job that it could not refuse",
};

test("what may well happen is a value: nobody catches a refusal to recognize it by its code or as a constant", () => {
  const recognized = /\berror\.code (===|!==) "[a-z]+\.|\.has\(error\.code\)|\berror (===|!==) (?!undefined|null)/;
  const found = lines(below("packages/domain/", "packages/aws/", "functions/"), recognized);
  const files = new Set(found.map((line) => line.slice(0, line.indexOf(":"))));
  expect([...files]).toEqual(Object.keys(recognizing));
});

test("only table.ts writes to the table", () => {
  const writing = /\b(Put|Update|Delete|BatchWrite|TransactWrite)(Item)?Command\b|\bExecuteStatementCommand\b/;
  const writers = below("packages/domain/", "packages/aws/", "functions/").filter(({ text }) => writing.test(text));
  expect(writers.map(({ path }) => path)).toEqual(["packages/domain/src/table.ts"]);
});

test("every code of the catalogue is raised somewhere", () => {
  const raising = below("packages/domain/", "packages/aws/", "functions/").filter(
    ({ path }) =>
      path !== "packages/domain/src/error.ts" && !path.endsWith("/problems.ts") && !path.startsWith("functions/api/routes/"),
  );
  const inRoutes = below("functions/api/routes/").flatMap(({ text }) =>
    [...text.matchAll(/new Problem\(\s*"([a-z_.]+)"/g)].map(([, found]) => found),
  );
  const silent = Object.keys(catalogue).filter(
    (each) => !raising.some(({ text }) => text.includes(`"${each}"`)) && !inRoutes.includes(each),
  );
  expect(silent).toEqual([]);
});

test("every class of failure is given somewhere: by the runner, the transport or the domain", () => {
  const scripts = filesOf("packages/domain/src/**/*.sh").map((path) => readFileSync(path, "utf8"));
  const texts = below("packages/domain/")
    .filter(({ path }) => !path.endsWith("job/failure.ts") && !path.endsWith("/failures.ts"))
    .map(({ text }) => text);
  const given = [...scripts, ...texts].join("\n");
  const named = (kind: string) => new RegExp(`["' ]${kind.replaceAll(".", "\\.")}(["' ;)]|$)`, "m").test(given);
  expect(Object.keys(failures).filter((kind) => !named(kind))).toEqual([]);
});

test("no shell ever reads text made from data", () => {
  const outside = code.filter(({ path }) => !path.startsWith("test/"));
  const made =
    /\b(exec|execSync)\(\s*(`[^`]*\$\{|["'][^"']*["']\s*\+)|\bshell: true|\b(spawn|execFile)(Sync)?\(\s*`|"-c",\s*`[^`]*\$\{/;
  expect(lines(outside, made)).toEqual([]);
  // A script given by name is a constant of the same file.
  for (const { path, text } of outside)
    for (const [, name] of text.matchAll(/"-c",\s*(\w+)/g))
      expect(text, path).toMatch(new RegExp(`\\bconst ${name} =\\s*("[^"]*"|'[^']*'|\`[^\`$]*\`);`));
  const shells = outside.filter(({ text }) => /import \{[^}]*\bexec(Sync)?\b[^}]*\} from "node:child_process"/.test(text));
  expect(shells.map(({ path }) => path)).toEqual([]);
  for (const line of lines(below("packages/domain/"), /\b(client|connection)\.exec\(/))
    expect(line).toMatch(/\.exec\((RUN|INSTALL)\b/);
});

test("nothing is printed past the log, so nothing is printed unredacted", () => {
  const printing = lines(below("packages/domain/", "packages/aws/", "functions/"), /\bconsole\.|process\.std(out|err)\b/);
  expect(printing.map((line) => line.slice(0, line.indexOf(":")))).toEqual(["packages/aws/src/log.ts"]);
});

test("no catch swallows", () => {
  expect(lines(product, /catch(\s*\(\w+\))?\s*\{\s*\}|\.catch\(\(\)\s*=>\s*(\{\s*\}|undefined|null)\)/)).toEqual([]);
});

test("nothing but its own noun and the engine's list asks which kind a job is of", () => {
  const asks = new RegExp(`\\bkind [!=]== "(${jobKinds.join("|")})"|switch \\(job\\.kind\\)|\\[job\\.kind\\]`);
  const files = lines(product, asks).map((line) => line.slice(0, line.indexOf(":")));
  expect(files.sort()).toEqual(["packages/domain/src/deployment/deployment.ts", "packages/domain/src/engine/kinds.ts"]);
});

test("no file of TypeScript has more than 300 lines, and no module of the runner more than 250", () => {
  const lengthOf = (text: string) => text.trimEnd().split("\n").length;
  expect(code.filter(({ text }) => lengthOf(text) > 300).map(({ path }) => path)).toEqual([]);
  const modules = filesOf("packages/domain/src/remote/runner/*.sh");
  expect(modules.length).toBeGreaterThan(10);
  expect(modules.filter((path) => lengthOf(readFileSync(path, "utf8")) > 250)).toEqual([]);
});
