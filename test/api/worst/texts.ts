/** A text that is dear to read for somebody. It is as long as `size` says, or a little shorter. */
export interface Shape {
  readonly name: string;
  readonly text: (size: number) => string;
}

const times = (unit: string, size: number) => unit.repeat(Math.max(1, Math.floor(size / unit.length)));
const repeated = (name: string, unit: string, head = "", tail = ""): Shape => ({
  name,
  text: (size) => `${head}${times(unit, size - head.length - tail.length)}${tail}`,
});
/** Numbered units, so that no two are the same. */
const numbered = (name: string, unit: (i: number) => string, head = "", tail = ""): Shape => ({
  name,
  text: (size) => {
    const parts = [head];
    for (let i = 0, left = size - head.length - tail.length; ; i++) {
      const next = unit(i);
      left -= next.length;
      if (left < 0) return `${parts.join("")}${tail}`;
      parts.push(next);
    }
  },
});
/** As deep as the size allows. */
const nested = (name: string, open: string, close: string, middle = ""): Shape => ({
  name,
  text: (size) => {
    const depth = Math.floor((size - middle.length) / (open.length + close.length));
    return `${open.repeat(depth)}${middle}${close.repeat(depth)}`;
  },
});

/** Whole bodies: JSON, and what only begins like it. */
export const bodies: readonly Shape[] = [
  nested("arrays in arrays", "[", "]"),
  nested("objects in objects", '{"a":', "}", "1"),
  repeated("brackets that only open", "["),
  repeated("objects that only open", '{"a":'),
  repeated("brackets that only close", "]", "["),
  repeated("trees as deep as may be", `${"[".repeat(60)}${"]".repeat(60)},`, "[", "1]"),
  repeated("a list of numbers", "1,", "[", "1]"),
  repeated("a list of empty objects", "{},", "[", "{}]"),
  repeated("a list of empty lists", "[],", "[", "[]]"),
  repeated("a list of empty texts", '"",', "[", '""]'),
  numbered("many members", (i) => `"a${i}":0,`, "{", '"z":0}'),
  repeated("one member again and again", '"a":0,', "{", '"a":0}'),
  repeated("one long member name", "a", '{"', '":1}'),
  repeated("a number of so many digits", "9", "[", "]"),
  repeated("a fraction of so many digits", "0", "[0.", "1]"),
  repeated("numbers past all bounds", "1e999999,", "[", "1]"),
  repeated("letters written as escapes", "\\u0041", '{"a":"', '"}'),
  repeated("lone surrogates", "\\ud800", '{"a":"', '"}'),
  repeated("quotes hidden in a text without an end", '\\"', '{"a":"'),
  repeated("backslashes in a text without an end", "\\\\", '{"a":"'),
  repeated("quotes", '"'),
  repeated("backslashes", "\\"),
  repeated("commas", ",", "["),
  repeated("colons", ":", "{"),
  repeated("spaces", " ", "[", "]"),
  repeated("lines", "\n", "{", "}"),
  repeated("no JSON", "a"),
  repeated("zeros", "\0"),
  repeated("byte order marks", "\ufeff"),
  repeated("letters outside of ASCII", "é", '{"a":"', '"}'),
  nested("prototypes of prototypes", '{"__proto__":', "}", "{}"),
  repeated("half a word", "tru", "["),
];

/** Texts as a field's value: long, and what regular expressions and cleaners go over again and again. */
export const values: readonly Shape[] = [
  repeated("one letter", "a"),
  repeated("one letter and an end that does not fit", "a", "", "!"),
  repeated("capitals", "A", "", "\0"),
  repeated("digits", "1"),
  repeated("dashes", "-", "a", "a"),
  repeated("letters and dashes", "a-", "", "-"),
  repeated("dots", "."),
  repeated("dots before an at", "a.", "", "@"),
  repeated("ats", "a@"),
  repeated("an address of e-mail with so many parts", "a.", "a@", "1"),
  repeated("spaces", " ", "a", "a"),
  repeated("tabs and an end that does not fit", "\t", "a", "="),
  repeated("lines", "\n"),
  repeated("base64", "AAAA", "", "!"),
  repeated("base64 to the end", "AAAA"),
  repeated("paddings", "="),
  repeated("slashes", "/", "a"),
  repeated("folders above", "../", "a/"),
  repeated("zeros", "\0"),
  repeated("marks of direction", "\u202e \u200b"),
  repeated("combining marks", "\u0301", "e"),
  repeated("lone surrogates", "\ud800"),
  repeated("emoji", "\u{1f469}\u200d"),
  repeated("colons", ":", "::ffff"),
  repeated("numbers and dots", "1."),
  repeated("addresses with passwords", "a://b:c", "", ""),
  repeated("flags", "--a-", "", ""),
  repeated("a time of so many digits", "0", "2026-01-01T00:00:00.", "Z"),
  repeated("hex", "0f"),
  repeated("percents", "%25"),
];

/** What people write, over and over. */
export const plainYaml: Shape = numbered(
  "a plain Compose file",
  (i) =>
    `x-${i}:\n  environment:\n    - NAME=value\n    - OTHER=\${OTHER:-value}\n  ports: ["80:80"]\n  labels: {a: b, c: "d"}\n`,
  "services:\n  web:\n    image: a\n",
);

const services = "services:\n  web:\n    image: a\n";
const templates: readonly Shape[] = [
  repeated("defaults of defaults that do not end", `\${a:-`),
  nested("defaults of defaults", `\${a:-`, "}"),
  repeated("defaults one after the other", `\${a:-b}`),
  repeated("references that do not end", `\${a`),
  repeated("dollars", "$$"),
  repeated("single dollars", "$ "),
  repeated("names of variables", "$a"),
  repeated("braces that open behind a reference", "{", `\${a:-`, "}"),
  repeated("defaults on lines of their own", `\${a:-\n}\n`),
];

/** Compose files that are dear to parse, to resolve, to merge or to search for secrets. */
export const yamls: readonly Shape[] = [
  numbered("one anchor that holds itself, again and again", (i) => `a${i}: &x [*x]\n`, services),
  numbered("anchors that hold the one before", (i) => `a${i}: &x [*x, *x]\n`, `${services}b: &x [1]\n`),
  numbered("anchors", (i) => `a${i}: &a${i} 1\n`, services),
  numbered("aliases of one anchor", (i) => `a${i}: *x\n`, `${services}b: &x {c: d}\n`),
  numbered(
    "laughs",
    (i) => `a${i + 1}: &a${i + 1} [${Array.from({ length: 9 }, () => `*a${i}`).join(",")}]\n`,
    `${services}a0: &a0 [x]\n`,
  ),
  numbered("merges of merges", (i) => `a${i + 1}: &a${i + 1} {<<: *a${i}, k${i}: 1}\n`, `${services}a0: &a0 {k: 1}\n`),
  repeated("merges of one mapping", "  - <<: *x\n", `x: &x {a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8}\nb:\n`),
  repeated("one merge of one mapping many times", "*x,", `x: &x {a: 1, b: 2}\nb:\n  <<: [`, "*x]\n"),
  repeated("commas", ",", "["),
  repeated("braces that close", "}"),
  repeated("brackets that close", "]"),
  repeated("brackets that open", "["),
  repeated("braces that open", "{"),
  repeated("keys in braces that open", "{a: "),
  nested("lists in lists", "[", "]"),
  nested("mappings in mappings", "{a: ", "}", "1"),
  repeated("lists on lines", "- ", "", "a"),
  numbered("steps of indentation", (i) => `${" ".repeat(i)}a:\n`, ""),
  numbered("steps of lists", (i) => `${"  ".repeat(i)}-\n`, ""),
  numbered("keys", (i) => `k${i}: v\n`, services),
  repeated("one key again and again", "a: b\n", services),
  repeated("one long key", "a", services, ": 1\n"),
  repeated("keys without a value", "? a\n", services),
  repeated("questions", "? ", services),
  repeated("colons", ": ", services),
  repeated("tabs", "\t", `${services}a:`, "x\n"),
  repeated("lines with tabs", "\ta: b\n", services),
  repeated("empty lines", "\n", services),
  repeated("comments", "#\n", services),
  repeated("marks of comments", "#", services),
  repeated("documents", "---\n", ""),
  repeated("ends of documents", "...\n", services),
  repeated("directives", "%A b\n", ""),
  repeated("directives of YAML", "%YAML 1.2\n", ""),
  repeated("tags", "!a ", `${services}b: `),
  repeated("tags without an end", "!<", `${services}b: `),
  repeated("quotes hidden in a text without an end", '\\"', `${services}b: "`),
  repeated("quotes hidden in texts without an end, in brackets", '\\"', `${services}b: ["`),
  repeated("single quotes", "'", `${services}b: '`),
  repeated("pairs of quotes", '""', `${services}b: `),
  repeated("texts that do not end", `b: "\n`, services),
  repeated("escapes", "\\u0041", `${services}b: "`, '"\n'),
  repeated("escapes that are none", "\\q", `${services}b: "`, '"\n'),
  repeated("blocks of text", "b: |\n", services),
  repeated("one block of text", "  a\n", `${services}b: |\n`),
  repeated("one folded text", "  a\n\n", `${services}b: >\n`),
  repeated("a text over many lines", " a\n", `${services}b: a\n`),
  repeated("brackets over many lines", "\n", `${services}b: [`, "]\n"),
  repeated("brackets that close too far to the left", "b: [\n]\n", services),
  repeated("ampersands", "&", `${services}b: `),
  repeated("stars", "*", `${services}b: `),
  repeated("numbers that are none", "0x_", `${services}b: `),
  repeated("a number of so many digits", "9", `${services}b: `),
  repeated("a list of numbers of so many digits", `${"9".repeat(200)}, `, `${services}b: [`, "1]\n"),
  repeated("byte order marks", "\ufeff", services),
  repeated("carriage returns", "\r", services),
  numbered("services", (i) => `  s${i}: {image: a}\n`, "services:\n"),
  numbered(
    "services that extend the one before",
    (i) => `  s${i + 1}: {extends: s${i}, image: a}\n`,
    "services:\n  s0: {image: a}\n",
  ),
  numbered(
    "services that take over a long list",
    (i) => `  s${i + 1}: {extends: {service: s${i}}, ports: [1]}\n`,
    `services:\n  s0: {image: a, ports: [${Array.from({ length: 500 }, () => "1").join(",")}]}\n`,
  ),
  repeated("ports", "1:1,", "services:\n  web:\n    image: a\n    ports: [", "1]\n"),
  repeated("profiles", "a,", "services:\n  web:\n    image: a\n    profiles: [", "a]\n"),
  repeated("environment", "A=b,", "services:\n  web:\n    image: a\n    environment: [", "A]\n"),
  numbered("members of configs", (i) => `  c${i}: {file: ./a}\n`, `${services}configs:\n`),
  repeated("flags in a command", "--a-", "services:\n  web:\n    image: a\n    command: ", "\n"),
  repeated("addresses with passwords in a command", "a://b:c", "services:\n  web:\n    image: a\n    command: ", "\n"),
  repeated("a long key over many values", "a,", `? ${"k".repeat(50_000)}\n: [`, "a]\n"),
  repeated("a long key over many members", "- {a: b}\n", `? ${"k".repeat(50_000)}\n:\n`),
  ...templates.map(({ name, text }) => ({
    name: `${name}, as an image`,
    text: (size: number) => `services:\n  web:\n    image: '${text(size - 40)}'\n`,
  })),
  ...templates.map(({ name, text }) => ({
    name: `${name}, as ports`,
    text: (size: number) =>
      `services:\n  web:\n    image: a\n    ports:\n${`      - '${text(200).replaceAll("\n", " ")}'\n`.repeat(Math.floor((size - 60) / 220))}`,
  })),
];

/** Files of variables. */
export const environments: readonly Shape[] = [
  numbered("variables", (i) => `A${i}=b\n`),
  repeated("one variable again and again", "A=b\n"),
  repeated("names without a value", "A\n"),
  repeated("a name without an end", "a"),
  repeated("a name with dots", "a."),
  repeated("spaces in a name", "a ", "", "=b"),
  repeated("exports", "export ", "", "A=b"),
  repeated("equals", "="),
  repeated("lines", "\n"),
  repeated("spaces", " "),
  repeated("comments", "#\n"),
  repeated("marks of comments", "#"),
  repeated("quotes without an end", '"', "A="),
  repeated("lines of quotes without an end", `A="b\\"\n`),
  repeated("hidden quotes", '\\"', 'A="'),
  repeated("backslashes", "\\", 'A="', '"'),
  repeated("octals", "\\0777", 'A="', '"'),
  repeated("one value over many lines", "b\n", "A='", "'"),
  repeated("ends of lines with spaces", "A=b                    \n"),
  repeated("a value that ends in spaces", " ", "A=b", "c"),
  numbered("variables made of the one before", (i) => `A${i + 1}=$A${i}$A${i}\n`, "A0=b\n"),
  numbered("variables made of a long one", (i) => `B${i}=$A$A$A$A\n`, `A=${"a".repeat(30_000)}\n`),
  ...templates.map(({ name, text }) => ({ name, text: (size: number) => `A=${text(size - 2)}` })),
  ...templates.map(({ name, text }) => ({
    name: `${name}, on each line`,
    text: (size: number) => `A=${text(300).replaceAll("\n", " ")}\n`.repeat(Math.floor(size / 304)),
  })),
];

export const interpolations = templates;
