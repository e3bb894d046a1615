// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
/** Env files and templates made of what has a meaning in them, in orders nobody would write. */
import * as fc from "fast-check";

const names = ["A", "b", "OUT", "EMPTY", "NO", "app.url", "a-b", "a[0]", "1st", "_", "é", "ſK"];
const word = fc.constantFrom(
  "x",
  "value",
  "p#ss",
  "#",
  " #",
  " # c",
  "a b",
  "  ",
  "\t",
  "=",
  ":",
  "é漢",
  "\u00a0",
  "\u2003",
  "%",
  "\\",
  "~",
  ",",
);
const escaped = fc.constantFrom(
  "\\n",
  "\\t",
  "\\r",
  "\\\\",
  '\\"',
  "\\'",
  "\\$",
  "\\a",
  "\\c",
  "\\x41",
  "\\0",
  "\\041",
  "\\0101",
  "\\0777",
  "\\u00e9",
  "\\ ",
);

/** Mostly references as Compose knows them, some cut or bent. */
const { reference } = fc.letrec<{ reference: string; operand: string }>((tie) => ({
  reference: fc.oneof(
    { maxDepth: 3 },
    { weight: 4, arbitrary: fc.constantFrom("A", "b", "OUT", "EMPTY", "NO", "_", "ſK").map((name) => `$${name}`) },
    { weight: 3, arbitrary: fc.constantFrom("A", "OUT", "EMPTY", "NO").map((name) => `\${${name}}`) },
    { weight: 2, arbitrary: fc.constantFrom("$$", "$5", "$", "$ ", "$$$OUT", "$-", "$é") },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom("A", "OUT", "EMPTY", "NO"), fc.constantFrom(":-", "-", ":+", "+"), tie("operand"))
        .map(([name, operator, operand]) => `\${${name}${operator}${operand}}`),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("${OUT:?no}", "${OUT?no}", "${EMPTY?no}", "${OUT:-x}y}", "${NO:-{}}", "${NO:-{a}b}c}"),
    },
  ),
  operand: fc
    .array(fc.oneof({ maxDepth: 3 }, fc.constantFrom("x", "", ":", "-", "+", "?", "d e", "{", "}", "'"), tie("reference")), {
      maxLength: 3,
    })
    .map((parts) => parts.join("")),
}));
const bent = fc.constantFrom("${1X}", "${A", "${NO:?why $A}", "${EMPTY:?}", "${NO?}", "${A!b}", "${}", "${ A}", "${A:}", "${A-x");

const pieces = (...more: fc.Arbitrary<string>[]) =>
  fc.array(fc.oneof(word, reference, ...more), { maxLength: 6 }).map((parts) => parts.join(""));
const value = fc.oneof(
  { weight: 5, arbitrary: pieces(fc.constantFrom("'", '"', "`")) },
  { weight: 4, arbitrary: pieces(escaped, fc.constantFrom("'", "\n", "\r\n")).map((text) => `"${text}"`) },
  { weight: 3, arbitrary: pieces(escaped, fc.constantFrom('"', "\n")).map((text) => `'${text}'`) },
);
const after = fc.constantFrom("", "", "", "", " # said", " ", "\r", "x", "#");
export const envLine = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .tuple(
        fc.constantFrom("", "", "", " ", "\t", "export ", "export\t"),
        fc.constantFrom(...names),
        fc.constantFrom("=", "=", "=", " = ", ":", ": ", "=\t"),
        value,
        after,
      )
      .map((parts) => parts.join("")),
  },
  { weight: 2, arbitrary: fc.constantFrom("", "# $NO", "  # x", "OUT", "NO", "export OUT", "A\tB=1", " ") },
  { weight: 1, arbitrary: fc.constantFrom("A B=1", "no line", "a!=1", "=x", "A", "export") },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...names), bent).map(([name, text]) => `${name}=${text}`) },
);

export const envText = fc
  .tuple(
    fc.constantFrom("", "", "", "\ufeff"),
    fc.array(envLine, { minLength: 1, maxLength: 4 }),
    fc.constantFrom("\n", "\n", "\r\n"),
    fc.constantFrom("", "\n"),
  )
  .map(([bom, lines, newline, end]) => bom + lines.join(newline) + end);

export const template = fc.oneof(
  { weight: 12, arbitrary: pieces(fc.constant("\n")) },
  { weight: 1, arbitrary: fc.tuple(pieces(), bent, pieces()).map((parts) => parts.join("")) },
);
