// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of programs
import { within } from "./mutant.ts";

const compose = ["test/domain/compose.test.ts", "test/cli/bundle.test.ts", "test/cli/bundle-told.test.ts"];
const lines = ["test/domain/variables.test.ts"];

/** What a Compose file and a file of variables mean. */
export const reading = [
  ...within(
    "packages/domain/src/compose/env-file.ts",
    lines,
    ["a password that begins with # is empty", 'line.indexOf(" #")', "line.search(/(^|\\s)#/)"],
    [
      "a comment at a line's end is part of the password",
      "trimEnd(comment < 0 ? line : line.slice(0, comment))",
      "trimEnd(comment < 0 ? line : line)",
    ],
    ["a dollar in single quotes is taken for a variable", 'literal: quote === "\'"', "literal: false"],
    ["a line that is exported is refused", "/export(?=[\\t\\n\\f\\r ])/y", "/exported(?=[\\t\\n\\f\\r ])/y"],
    ["an escaped dollar is taken for a variable", 'letter === "$" ? "$$"', 'letter === "$" ? "$"'],
    ["a name with a dot is refused", "_.\\-[\\]\\p{L}\\p{N}]*/uy", "_\\-[\\]\\p{L}\\p{N}]*/uy"],
    [
      "a variable does not see what was set above it",
      "outer(name) ?? found.get(name)",
      "outer(name) ?? (name ? undefined : found.get(name))",
    ],
    [
      "a value with a line's end in quotes is cut",
      "for (let i = at + 1; i < text.length; i++) {\n    if (text[i] === quote)",
      'for (let i = at + 1; i < text.length; i++) {\n    if (text[i] === "\\n" || text[i] === quote)',
    ],
  ),
  ...within(
    "packages/domain/src/compose/template.ts",
    lines,
    [
      "a default is used although the variable is empty on purpose",
      'operator?.startsWith(":") && value === ""',
      'operator && value === ""',
    ],
    ["an empty variable gets no default", '!(operator?.startsWith(":") && value === "")', '!(operator === ":?" && value === "")'],
    ["a doubled dollar stays two", '      yield "$";\n      at += 2;', '      yield "$$";\n      at += 2;'],
    [
      "a variable that has to be set is empty instead",
      "throw new TemplateError(`${name} has to be set",
      'return ""; throw new TemplateError(`${name} has to be set',
    ],
    [
      "a text of variables of variables takes all memory",
      "if (result.length > LENGTH_MOST)",
      "if (result.length > LENGTH_MOST * 1000)",
      ...lines,
    ],
  ),
  ...within(
    "packages/domain/src/compose/merge.ts",
    compose,
    [
      "what a service takes over from another of the file is refused",
      'else if (typeof of === "string") {',
      'else if (typeof of === "symbol") {',
    ],
    [
      "a later document does not change an earlier one",
      "before && isFields(fields) ? this.#over(before, service, this.#texts.cleared(fields)) : service",
      "before ?? service",
    ],
    [
      "the paths of an included file start at the project's folder",
      'const folder = asked === "" ? folderOf(path) :',
      'const folder = asked === "" ? "" :',
      "test/domain/compose-project.test.ts",
    ],
    [
      "the paths of a service of another file start at the project's folder",
      "{ ...scope, folder, file: path,",
      "{ ...scope, file: path,",
      "test/domain/compose-project.test.ts",
    ],
  ),
  ...within("packages/domain/src/compose/file.ts", compose, [
    "a profile that nobody asked for is deployed",
    'return wanted.has("*") || profiles.some((profile) => wanted.has(String(profile)));',
    "return wanted.size > 0 || profiles.some((profile) => wanted.has(String(profile)));",
  ]),
  ...within(
    "packages/domain/src/compose/texts.ts",
    ["test/domain/compose-project.test.ts"],
    ["a file that is included again and again costs once", "this.spent.parts += cost;", "this.spent.parts += cost * 0;"],
  ),
  ...within(
    "packages/domain/src/compose/yaml.ts",
    compose,
    ["a key that is there twice counts once", "if (seen.has(name)) throw", "if (seen.size > 100_000) throw"],
    ["what an alias stands for costs nothing", "this.#spent.aliased += size;", "this.#spent.aliased += 1;"],
    ["a long text costs as much as a letter", "1 + Math.floor(String(value).length / 100)", "1 + 0 * String(value).length"],
  ),
  ...within("packages/domain/src/compose/compose.ts", compose, [
    "an image may be named for a service that is not deployed",
    "find((asked) => !active.some(([name]) => name === asked))",
    "find((asked) => !file.services.has(asked))",
  ]),
  ...within("packages/domain/src/compose/reference.ts", compose, [
    "an image may have a name that Docker takes for an option",
    "`^(?!-)(?:${host}/)?${component}",
    "`^-?(?:${host}/)?${component}",
  ]),
  ...within(
    "packages/domain/src/release/files.ts",
    ["test/api/deployed-files.test.ts"],
    ["every release names its images beside the Compose file", "services.filter(({ given }) => given)", "[...services]"],
  ),
];
