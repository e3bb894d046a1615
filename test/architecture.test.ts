import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { circlesOf, filesOf, importsOf } from "./support/source.ts";
import { below, broken, code, local } from "./support/tree.ts";

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
    "jose",
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
  ...["pricing", "entitlement", "audit", "tenant", "mail", "auth", "token", "billing"],
  ...[
    "remote",
    "secret",
    "container",
    "compose",
    "job",
    "target",
    "registry",
    "app",
    "addon",
    "deployer",
    "release",
    "variable",
    "plan",
    "deployment",
    "log",
    "import",
  ],
  ...["engine", "closing"],
];

const folderIn = (src: string, path: string) => /^([^/]+)\//.exec(path.slice(src.length))?.[1];

test("a noun of the domain imports only nouns before it", () => {
  const src = "packages/domain/src/";
  const place = (path: string) => nouns.indexOf(folderIn(src, path) ?? "");
  // Four lists are joined of what lies with the nouns: the problems, by whose codes everything refuses, the failures of jobs, the mails, and the words of each kind of job.
  const lists = [
    { list: "error.ts", part: /\/problems\.ts$/ },
    { list: "job/failure.ts", part: /\/failures\.ts$/ },
    { list: "mail/mail.ts", part: /\/mails\.ts$/ },
    { list: "mail/write.ts", part: /\/mails\.ts$/ },
    { list: "job/words.ts", part: /\.words\.ts$/ },
  ];
  const joins = (path: string, to: string) => lists.some(({ list, part }) => path === `${src}${list}` && part.test(to));
  const climbs = (to: string, _: boolean, path: string) => to.startsWith(src) && place(to) > place(path) && !joins(path, to);
  expect(broken(below(src), climbs), `in the order ${nouns.join(", ")}`).toEqual([]);
  const folders = below(src).map(({ path }) => folderIn(src, path) ?? nouns[0]);
  expect([...new Set(folders)].sort()).toEqual(nouns.toSorted());
  const parts = below(src).filter(({ path }) => lists.some(({ part }) => part.test(path)));
  expect(broken(parts, (to, typeOnly) => !typeOnly && to !== `${src}entitlement/words.ts`)).toEqual([]);
});

test("a room of billing imports only rooms before it, and nothing that lies at the door needs a room", () => {
  const src = "packages/domain/src/billing/";
  const rooms = ["stripe", "standing", "buying", "reconcile"];
  const place = (path: string) => rooms.indexOf(folderIn(src, path) ?? "");
  const climbs = (to: string, _: boolean, path: string) => to.startsWith(src) && place(to) > place(path);
  expect(broken(below(src), climbs), `in the order ${rooms.join(", ")}`).toEqual([]);
  const folders = below(src).map(({ path }) => folderIn(src, path) ?? rooms[0]);
  expect([...new Set(folders)].sort()).toEqual(rooms.toSorted());
  const door = below(src).filter(({ path }) => folderIn(src, path) === undefined);
  expect(door.map(({ path }) => path.slice(src.length)).sort()).toEqual(["failures.ts", "mails.ts", "problems.ts"]);
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
    "addon/kind",
    "bytes",
    "duration",
    "entitlement/access",
    "entitlement/access-words",
    "entitlement/words",
    "error",
    "job/failure",
    "job/status",
    "job/words",
    "pricing/plans",
    "import/secret",
    "remote/install",
    "remote/ssm/role",
    "remote/user-name",
    "remote/registry-host",
    "compose/reserved",
    "plan/reason-words",
    "plan/plan-words",
    "deployer/job-words",
    "registry/login-words",
    "release/archive",
    "scope",
  ];
  const words = [
    ...tables.map((name) => `packages/domain/src/${name}.ts`),
    ...filesOf("packages/domain/src/*/problems.ts", "packages/domain/src/*/failures.ts", "packages/domain/src/*/*.words.ts"),
  ];
  // How a customer's own files are read: the command line refuses what the service would, before anything is made there.
  const readers = [
    "build",
    "compose",
    "env-file",
    "file",
    "merge",
    "parts",
    "path",
    "reference",
    "service",
    "template",
    "texts",
    "yaml",
  ].map((name) => `packages/domain/src/compose/${name}.ts`);
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
    "packages/local-s3/",
    "packages/local-stripe/",
  ];
  expect(circlesOf(below(...folders), () => true)).toEqual([]);
  // An engine stands alone: it knows neither the cloud nor another engine.
  const another = (to: string, _: boolean, path: string) => local.test(to) && to.split("/")[1] !== path.split("/")[1];
  expect(
    broken(
      below("packages/local-dynamodb/", "packages/local-s3/", "packages/local-stripe/"),
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

test("every stylesheet is part of the dashboard, and one of a noun stands beside its component", () => {
  const sheets = filesOf("packages/web/src/**/*.css");
  const loaded = code.find(({ path }) => path === "packages/web/src/main.tsx")?.imports.map(({ to }) => to) ?? [];
  expect(sheets.filter((sheet) => !loaded.includes(sheet))).toEqual([]);
  const ofNouns = sheets.filter((sheet) => !/\/src\/(ui|styles)\//.test(sheet));
  expect(ofNouns.length).toBeGreaterThan(0);
  expect(ofNouns.filter((sheet) => !existsSync(sheet.replace(/css$/, "tsx")))).toEqual([]);
});
