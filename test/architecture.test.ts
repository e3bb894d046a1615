import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { catalogue } from "@berth/domain/error.ts";
import { failures } from "@berth/domain/job/failure.ts";
import { jobKinds } from "@berth/domain/job/kind-name.ts";
import { expect, test } from "vitest";
import { errorsPage } from "../scripts/errors.ts";
import { circlesOf, commentsOf, filesOf, importsOf, type Source, sourcesOf } from "./support/source.ts";

const code = sourcesOf("{functions,infra,packages,scripts,test}/**/*.{ts,tsx}");
const below = (...folders: string[]) => code.filter(({ path }) => folders.some((folder) => path.startsWith(folder)));
/** The cloud on one machine and its engines. */
const local = /^packages\/local(-\w+)?\//;
/** Code that reaches a customer, an operator or a server. */
const product = below("functions/", "infra/", "packages/").filter(({ path }) => !local.test(path));

/** `file -> import` for every import that a rule refuses. */
const broken = (sources: readonly Source[], refused: (to: string, typeOnly: boolean, path: string) => boolean) =>
  sources.flatMap(({ path, imports }) =>
    imports.filter(({ to, typeOnly }) => refused(to, typeOnly, path)).map(({ to }) => `${path} -> ${to}`),
  );

const lines = (sources: readonly Source[], pattern: RegExp) =>
  sources.flatMap(({ path, text }) =>
    text
      .split("\n")
      .flatMap((line, i) => (pattern.test(line.replace(/^\s*(\*|\/\/|\/\*).*/, "")) ? [`${path}:${i + 1} ${line.trim()}`] : [])),
  );

test("the rules see imports of every kind", () => {
  const text = `import a from "x";\nimport type { B } from "./b.ts";\nimport { type C } from "@berth/domain/c.ts";\nimport {\n  d,\n} from "@hono/y/z";\nconst e = await import("./e.ts");\nexport { f } from "../f.ts";\nimport "./g.css";`;
  expect(importsOf("functions/api/t.ts", text)).toEqual([
    { to: "x", typeOnly: false },
    { to: "functions/api/b.ts", typeOnly: true },
    { to: "packages/domain/src/c.ts", typeOnly: true },
    { to: "@hono/y", typeOnly: false },
    { to: "functions/f.ts", typeOnly: false },
    { to: "functions/api/g.css", typeOnly: false },
    { to: "functions/api/e.ts", typeOnly: false },
  ]);
  expect(code.length).toBeGreaterThan(200);
});

test("the domain imports itself, Node and a few libraries: nothing of HTTP, Lambda, CDK or those who use it", () => {
  const libraries = [
    "@aws-sdk/client-dynamodb",
    "@aws-sdk/lib-dynamodb",
    "@aws-sdk/util-dynamodb",
    "ipaddr.js",
    "ssh2",
    "stripe",
    "tar-stream",
    "yaml",
    "zod",
  ];
  const fits = (to: string) => to.startsWith("packages/domain/") || to.startsWith("node:") || libraries.includes(to);
  expect(broken(below("packages/domain/"), (to) => !fits(to))).toEqual([]);
  expect(
    broken(below("packages/domain/"), (to, typeOnly) => /^(stripe|node:(http|child_process|net))/.test(to) && !typeOnly),
  ).toEqual([]);
});

/** Of packages/domain/src, in the order to read them: below all of these is the ground, which are the files that lie in no folder. */
const nouns = [
  ...["plan", "entitlement", "audit", "tenant", "mail", "auth", "token", "billing"],
  ...["remote", "secret", "container", "compose", "job", "target", "app", "release", "deployment", "log", "import"],
  ...["engine", "closing"],
];

test("a noun of the domain imports only nouns before it", () => {
  const src = "packages/domain/src/";
  const place = (path: string) => {
    const [folder, ...rest] = path.slice(src.length).split("/");
    return rest.length === 0 ? -1 : nouns.indexOf(folder ?? "");
  };
  // Two lists are joined of what lies with the nouns: the problems, by whose codes everything refuses, and the words of each kind of job.
  const lists = [
    { list: "error.ts", part: /\/problems\.ts$/ },
    { list: "job/words.ts", part: /\.words\.ts$/ },
  ];
  const joins = (path: string, to: string) => lists.some(({ list, part }) => path === `${src}${list}` && part.test(to));
  const climbs = (to: string, _: boolean, path: string) => to.startsWith(src) && place(to) > place(path) && !joins(path, to);
  expect(broken(below(src), climbs), `in the order ${nouns.join(", ")}`).toEqual([]);
  const folders = below(src).map(({ path }) => /^([^/]+)\//.exec(path.slice(src.length))?.[1] ?? nouns[0]);
  expect([...new Set(folders)].sort()).toEqual(nouns.toSorted());
  const parts = below(src).filter(({ path }) => lists.some(({ part }) => part.test(path)));
  expect(broken(parts, (_, typeOnly) => !typeOnly)).toEqual([]);
});

test("a folder of functions/ imports the domain and what lies above it, never another folder", () => {
  const folder = (path: string) => /^functions\/([^/]+)\//.exec(path)?.[1];
  const refused = (to: string, _: boolean, path: string) =>
    /^(infra|test|scripts|packages\/(api-client|cli|web|local(-\w+)?))\//.test(to) ||
    (folder(to) !== undefined && folder(to) !== folder(path));
  expect(broken(below("functions/"), refused)).toEqual([]);
});

test("the adapters to AWS import the domain and libraries, and nothing of those who use them", () => {
  const refused = (to: string) => /^(functions|infra|scripts|test|packages)\//.test(to) && !/^packages\/(aws|domain)\//.test(to);
  expect(broken(below("packages/aws/"), refused)).toEqual([]);
});

test("infra takes only types and the manifest from functions, and from packages only what imports nothing", () => {
  const list = (to: string) => code.find(({ path }) => path === to)?.imports.length === 0;
  const refused = (to: string, typeOnly: boolean) =>
    /^(test|scripts)\//.test(to) ||
    (to.startsWith("packages/") && !list(to)) ||
    (to.startsWith("functions/") && to !== "functions/manifest.ts" && !typeOnly);
  expect(broken(below("infra/"), refused)).toEqual([]);
  expect(broken(code, (to, _, path) => to.startsWith("infra/") && !/^(infra|test|scripts)\//.test(path))).toEqual([]);
});

test("the API client, the CLI and the dashboard know the API by its types, and of the domain only types and its tables of words", () => {
  // Data without imports of Node's or the SDK's, for pages and help.
  const tables = [
    "entitlement/permission",
    "error",
    "job/failure",
    "job/kind-name",
    "job/words",
    "plan/plan",
    "import/secret",
    "remote/user-name",
    "compose/reserved",
  ];
  const words = [
    ...tables.map((name) => `packages/domain/src/${name}.ts`),
    ...filesOf("packages/domain/src/*/problems.ts", "packages/domain/src/*/*.words.ts"),
  ];
  // How a customer's own files are read: the command line refuses what the service would, before anything is made there.
  const readers = ["compose", "env-file", "file", "parts", "template", "yaml"].map(
    (name) => `packages/domain/src/compose/${name}.ts`,
  );
  const client = filesOf("packages/api-client/src/*.ts");
  const folders = {
    "packages/api-client/": [],
    "packages/cli/": [...client, ...words, ...readers],
    "packages/web/": [...client, ...words],
  };
  for (const [folder, known] of Object.entries<readonly string[]>(folders)) {
    const refused = (to: string, typeOnly: boolean) =>
      /^(infra|test|scripts)\//.test(to) ||
      (/^(functions|packages)\//.test(to) && !to.startsWith(folder) && !typeOnly && !known.includes(to));
    expect(broken(below(folder), refused)).toEqual([]);
    const fromFunctions = (to: string) => to.startsWith("functions/") && !to.startsWith("functions/api/");
    expect(broken(below(folder), fromFunctions)).toEqual([]);
  }
  const fits = (to: string, path: string) =>
    words.includes(to) || (readers.includes(path) && [...readers, "yaml", "node:path"].includes(to));
  for (const file of [...words, ...readers])
    expect(
      broken(
        code.filter(({ path }) => path === file),
        (to, typeOnly, path) => !typeOnly && !fits(to, path),
      ),
    ).toEqual([]);
});

test("nothing but tests, scripts and itself imports the local cloud", () => {
  expect(broken(code, (to, _, path) => local.test(to) && !local.test(path) && !/^(test|scripts)\//.test(path))).toEqual([]);
  // What of the manifest and the handlers it runs is imported, it may name by path; of infra nothing but types.
  expect(broken(below("packages/local"), (to, typeOnly) => to.startsWith("infra/") && !typeOnly)).toEqual([]);
});

test("no file needs itself by way of others at run time", () => {
  expect(circlesOf(below("functions/", "infra/", "packages/", "scripts/"), ({ typeOnly }) => !typeOnly)).toEqual([]);
});

test("the domain, what is deployed and the engines of the local cloud have no circle of imports, not even of types", () => {
  const folders = [
    "functions/",
    "infra/",
    "packages/aws/",
    "packages/domain/",
    "packages/local-dynamodb/",
    "packages/local-stripe/",
  ];
  expect(circlesOf(below(...folders), () => true)).toEqual([]);
  // An engine stands alone: it knows neither the cloud nor another engine.
  const another = (to: string, _: boolean, path: string) => local.test(to) && to.split("/")[1] !== path.split("/")[1];
  expect(
    broken(
      below("packages/local-dynamodb/", "packages/local-stripe/"),
      (to, typeOnly, path) => another(to, typeOnly, path) || /^(functions|infra|packages\/(aws|cli|domain|web|ops))\//.test(to),
    ),
  ).toEqual([]);
});

test("the local Stripe is built upwards: stored objects, the account, flows, then API and pages, and what starts it", () => {
  const src = "packages/local-stripe/src/";
  const starting = ["control-routes", "control", "main", "stripe"].map((name) => `${src}${name}.ts`);
  const floors = ["objects", "account", "flows", "api or pages", "start"];
  const floor = (path: string): number => {
    const folder = path.slice(src.length).split("/").at(-2);
    if (folder === "objects") return 0;
    if (folder === "flows") return 2;
    if (folder !== undefined) return 3;
    return starting.includes(path) ? 4 : 1;
  };
  const climbs = (to: string, _: boolean, path: string) => to.startsWith(src) && floor(to) > floor(path);
  expect(broken(below(src), climbs), `in the order ${floors.join(", ")}`).toEqual([]);
  const across = (to: string, _: boolean, path: string) => to.startsWith(`${src}pages/`) && path.startsWith(`${src}api/`);
  expect(broken(below(src), across)).toEqual([]);
  // Types of stored objects are all there is on the lowest floor, so nothing of it is left at run time.
  expect(broken(below(`${src}objects/`), (_, typeOnly) => !typeOnly)).toEqual([]);
});

test("every import has its extension and leads to a file that is there", () => {
  const missing = (to: string) => /^(functions|infra|packages|scripts|test)\//.test(to) && !existsSync(to);
  expect(
    broken(
      code.filter(({ path }) => path !== "test/architecture.test.ts"),
      missing,
    ),
  ).toEqual([]);
});

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

test("only table.ts writes to the table", () => {
  const writing = /\b(Put|Update|Delete|BatchWrite|TransactWrite)(Item)?Command\b|\bExecuteStatementCommand\b/;
  const writers = below("packages/domain/", "packages/aws/", "functions/").filter(({ text }) => writing.test(text));
  expect(writers.map(({ path }) => path)).toEqual(["packages/domain/src/table.ts"]);
});

test("every code of the catalogue is raised somewhere", () => {
  const raising = below("packages/domain/", "packages/aws/", "functions/").filter(
    ({ path }) => path !== "packages/domain/src/error.ts" && !path.startsWith("functions/api/routes/"),
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
    .filter(({ path }) => !path.endsWith("job/failure.ts"))
    .map(({ text }) => text);
  const given = [...scripts, ...texts].join("\n");
  const named = (kind: string) => new RegExp(`["' ]${kind.replaceAll(".", "\\.")}(["' ;)]|$)`, "m").test(given);
  expect(Object.keys(failures).filter((kind) => !named(kind))).toEqual([]);
});

test("docs/errors.md is what the catalogues say (made by scripts/errors.ts)", () => {
  expect(readFileSync("docs/errors.md", "utf8")).toBe(errorsPage());
});

test("every path written in a document or a comment exists", () => {
  const path =
    /(?<![\w./@-])((?:docs|functions|infra|packages|scripts|test)\/[\w./-]*?\.(?:ts|tsx|sh|md|json|css|html))(?![\w/])/g;
  const documents = filesOf("*.md", "docs/**/*.md", "packages/*/README.md").map((file) => ({
    file,
    text: readFileSync(file, "utf8"),
  }));
  const comments = code.map(({ path: file, text }) => ({ file, text: commentsOf(text).join("\n") }));
  const dead = [...documents, ...comments].flatMap(({ file, text }) =>
    [...text.matchAll(path)].flatMap(([, named]) => (named && !existsSync(named) ? [`${file}: ${named}`] : [])),
  );
  expect(dead).toEqual([]);
});

test("README.md's map and traced request name files, folders and steps that are there", () => {
  const readme = readFileSync("README.md", "utf8");
  const paths = [...readme.matchAll(/(?<![\w./@-])(?:docs|functions|infra|packages|scripts|test)\/[\w./*-]*/g)].map(
    ([path]) => path,
  );
  expect(paths.length).toBeGreaterThan(25);
  expect(paths.filter((path) => globSync(path).length === 0)).toEqual([]);
  const runner = filesOf("packages/domain/src/remote/runner/*.sh").map((path) => readFileSync(path, "utf8"));
  const steps = /detached run: ([a-z ]+)/.exec(readme)?.[1]?.trim().split(" ") ?? [];
  expect(steps.length).toBeGreaterThan(3);
  expect(steps.filter((step) => !runner.some((text) => new RegExp(`\\bstep[ =]${step}\\b`).test(text)))).toEqual([]);
});

test("every package that is imported is declared, in the root or in the workspace that imports it", () => {
  const declared = (file: string): string[] => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(file, "utf8"));
    return Object.keys({ ...dependencies, ...devDependencies });
  };
  const root = declared("package.json");
  const own = new Map(filesOf("packages/*/package.json").map((file) => [file.slice(0, -"package.json".length), declared(file)]));
  const undeclared = (to: string, typeOnly: boolean, path: string) => {
    if (/^(node:|functions\/|infra\/|packages\/|scripts\/|test\/)/.test(to)) return false;
    const here = [...own].find(([folder]) => path.startsWith(folder))?.[1] ?? [];
    const types = typeOnly && to === "aws-lambda" ? "@types/aws-lambda" : to;
    // Tests drive the CLI and the dashboard with what those are made of.
    const everywhere = path.startsWith("test/") ? [...own.values()].flat() : [];
    return ![...root, ...here, ...everywhere].includes(types);
  };
  expect(
    broken(
      code.filter(({ path }) => path !== "test/architecture.test.ts"),
      undeclared,
    ),
  ).toEqual([]);
});

test("the root shows at most 15 entries", () => {
  const ignored = readFileSync(".gitignore", "utf8")
    .split("\n")
    .map((line) => line.replace(/^\/|\/$/g, ""));
  const entries = readdirSync(".").filter((name) => !name.startsWith(".") && !ignored.includes(name));
  expect(entries.length, entries.join(" ")).toBeLessThanOrEqual(15);
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
  for (const line of lines(below("packages/domain/"), /\b(client|connection)\.exec\(/)) expect(line).toMatch(/\.exec\(RUN\b/);
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

test("every area of the tree has tests of its own", () => {
  for (const area of ["domain", "api", "remote", "infra", "local", "local-dynamodb", "local-stripe"])
    expect(globSync(`test/${area}/**/*.test.ts`).length, area).toBeGreaterThan(0);
});
