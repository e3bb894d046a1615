import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorsPage } from "../scripts/errors.ts";
import { commentsOf, filesOf } from "./support/source.ts";
import { broken, code } from "./support/tree.ts";

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
  expect(steps.filter((step) => !runner.some((text) => new RegExp(`\\b(?:step|stage)[ =]${step}\\b`).test(text)))).toEqual([]);
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

test("every area of the tree has tests of its own", () => {
  for (const area of ["aws", "domain", "api", "remote", "infra", "local", "local-dynamodb", "local-s3", "local-stripe"])
    expect(globSync(`test/${area}/**/*.test.ts`).length, area).toBeGreaterThan(0);
});
