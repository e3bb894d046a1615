import { knownOf } from "@berth/domain/release/known.ts";
import { redactor, unredacted } from "@berth/domain/secret/redact.ts";
import { redactWhole } from "@berth/domain/secret/whole.ts";
import { describe, expect, test } from "vitest";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const bytesOf = (value: string, write: (byte: number) => string) =>
  [...Buffer.from(value)].map((byte) => (byte < 127 && byte !== 92 ? String.fromCharCode(byte) : write(byte))).join("");
const encodings: Record<string, (value: string) => string> = {
  "as it is": (value) => value,
  "JSON in a text": (value) => `{"a":${JSON.stringify(value)}}`,
  "JSON in JSON": (value) => JSON.stringify(JSON.stringify(value)).slice(3, -3),
  "JSON with every character as a number": (value) =>
    value.replaceAll(/[\s\S]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "JSON four times over, in a line with other escapes": (value) => {
    const deep = JSON.stringify(JSON.stringify(JSON.stringify(JSON.stringify(value))));
    return `100%25 + "" ${deep.replaceAll(/^[\\"]+|[\\"]+$/g, "")}`;
  },
  "bytes of another language": (value) => bytesOf(value, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`),
  "bytes in octal": (value) => bytesOf(value, (byte) => `\\${byte.toString(8).padStart(3, "0")}`),
  "characters by their numbers": (value) =>
    value.replaceAll(/[^ -~]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`),
  HTML: (value) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
  "HTML by numbers": (value) => value.replaceAll(/[^\w\n]/gu, (char) => `&#${char.codePointAt(0)};`),
  "an address, the text around it too": (value) => encodeURIComponent(`ключи ${value} ключи`),
  "an address, every character": (value) =>
    [...Buffer.from(`x ${value} y`)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  "an address": (value) => encodeURIComponent(value),
  "an address in small letters": (value) => encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase()),
  "a form": (value) => new URLSearchParams({ value }).toString(),
  base64,
  "base64 at the second byte": (value) => base64(`x${value}yz`),
  "base64 at the third byte": (value) => base64(`xy${value}z`),
  base64url: (value) => Buffer.from(value).toString("base64url"),
  "base64url at the second byte": (value) => Buffer.from(`x${value}`).toString("base64url"),
  hex: (value) => Buffer.from(value).toString("hex"),
  "large hex": (value) => Buffer.from(value).toString("hex").toUpperCase(),
};
const values = [
  "hunter",
  "correct horse battery",
  'q"uo\\te/<&>+=%',
  "pässwörd-ключ-鍵鍵",
  "-----BEGIN KEY-----\nMIIEvAIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----",
  "wh_".padEnd(300, "0123456789abcdef"),
];

describe.each(Object.entries(encodings))("a value is taken out as %s", (_, encode) => {
  test.each(values)("%j", (value) => {
    const clean = redactor({ values: [value] });
    const told = clean(`before ${encode(value)} after`);
    for (const line of [value, ...value.split("\n")]) {
      expect(told).not.toContain(line);
      // Nothing is left of it but what a byte shares with its neighbours.
      for (let at = 0; at + 6 <= encode(line).length; at++) {
        const piece = encode(line).slice(at, at + 6);
        if (!encode("zzzzzz").includes(piece) && told.includes(piece)) expect.fail(`it shows ${piece}`);
      }
    }
    expect(told).toMatch(/^before .*after$/s);
    expect(told).toContain("[secret]");
  });
});

test("a value with quotes is taken out as shells, YAML, SQL and CSV write it", () => {
  const value = `it's a "pass'word" too`;
  const clean = redactor({ values: [value] });
  for (const [quote, ways] of [
    ["'", ["''", `'\\''`, `'"'"'`]],
    ['"', ['""', '\\"']],
  ] as const)
    for (const way of ways)
      expect(clean(`+ X=${quote}${value.replaceAll(quote, way)}${quote} run`)).toBe(`+ X=${quote}[secret]${quote} run`);
});

test("a value is taken out as the bytes that programs print, and numbers that are none stay", () => {
  const clean = redactor({ values: ["hunter2", 'a"b\\c"d'] });
  const bytes = [...Buffer.from("hunter2")];
  const hex = bytes.map((byte) => byte.toString(16));
  expect(clean(`<Buffer ${hex.join(" ")}>`)).toBe("<Buffer [secret]>");
  expect(clean(`${hex.join(":").toUpperCase()} is it`)).toBe("[secret] is it");
  expect(clean(JSON.stringify(Buffer.from("x hunter2 y")))).toBe('{"type":"Buffer","data":[120,32,[secret]32,121]}');
  expect(clean(`[${bytes.join(" ")}] and [${bytes.join(", ")}]`)).toBe("[[secret]] and [[secret]]");
  const json = base64(JSON.stringify({ auth: 'a"b\\c"d' }));
  expect(clean(`{"x":"${json}"}`)).toMatch(/^\{"x":"\w+\[secret\]\w+=*"\}$/);
  const plain = "2026-11-28 10:00:00 10 20 30 40 50 60 300, 301, 302, 303, 304, 305 aa:bb:cc:dd:ee:ff";
  expect(clean(plain)).toBe(plain);
});

test("a piece of a value that a program ended with dots is taken out", () => {
  const clean = redactor({ values: ["sk_live_0123456789abcdef"] });
  expect(clean('key "sk_live_01234..." and sk_live_012345678… no')).toBe('key "[secret]..." and [secret]… no');
  expect(clean("wait... sk_live_ ... done…")).toBe("wait... sk_live_ ... done…");
});

test("a value of spaces hides nothing", () => {
  expect(redactor({ values: ["        ", "\n\n\n\n\n\n", "  a   "] })("NAME        IMAGE   a   ")).toBe(
    "NAME        IMAGE   a   ",
  );
});

test("a value that is broken over two lines at any place is in none of them whole, and not in both together", () => {
  for (const value of ["hunter2hunter2", "0123456789abcdef0123456789abcdef", "k".padEnd(120, "abcdefghij")]) {
    const clean = redactor({ values: [value] });
    for (let at = 1; at < value.length; at++) {
      const [first, second] = [clean(`login ${value.slice(0, at)}`), clean(`${value.slice(at)} failed`)];
      expect(first.slice("login ".length) + second.slice(0, -" failed".length)).not.toBe(value);
      const longest = Math.max(at, value.length - at);
      expect((first + second).includes(at >= value.length - at ? value.slice(0, longest) : value.slice(-longest))).toBe(false);
    }
  }
});

test("nor is one in a line that was cut, however little of it is left before the cut", () => {
  const clean = redactor({ values: ["hunter2-hunter2-hunter2-hunter2"] });
  for (let left = 4; left < 30; left++) {
    const told = clean("x".repeat(3000 - left) + "hunter2-hunter2-hunter2-hunter2".slice(0, left));
    expect(told).toMatch(/^x+\[secret\]$/);
  }
});

test("base64 and hex that were wrapped at the usual widths are taken out line by line", () => {
  const value = "s3cr3t".padEnd(400, "0123456789");
  const clean = redactor({ values: [value] });
  for (const width of [64, 76])
    for (const encoded of [base64(value), Buffer.from(value).toString("hex")])
      for (const line of encoded.match(new RegExp(`.{16,${width}}`, "g")) ?? []) expect(clean(line)).toBe("[secret]");
});

test("a password inside an address is taken out by itself too, as it is written and as it is meant", () => {
  const clean = redactor({ values: ["postgres://shop:p%40ssw0rd!@db/shop"] });
  expect(clean("failed for p%40ssw0rd! and p@ssw0rd! of shop")).toBe("failed for [secret] and [secret] of shop");
});

test("what is shown anyway is not hidden, and a value that only begins there is", () => {
  const clean = redactor({
    values: ["postgres", "worker", "web-1234567"],
    shown: ["postgres:16", "postgres", "worker-mails", "shop-web"],
  });
  expect(clean("Image postgres:16 for worker-mails of shop-web")).toBe("Image postgres:16 for worker-mails of shop-web");
  expect(clean("a worker in shop-web-1234567")).toBe("a [secret] in shop-[secret]");
});

test("a value of fewer than six characters is left, and so is all that is no value", () => {
  const clean = redactor({ values: ["short", "hunter2", ""] });
  expect(clean("short hunter hunter3 huntér2\ttab 100% \\n $$ +")).toBe("short hunter hunter3 huntér2\ttab 100% \\n $$ +");
});

test("of a server's answer every text is cleaned, in fields and names that nobody thought of too, and words of the protocol stay", () => {
  const clean = redactor({ values: ["running", "2026-11", "hunter2", "image.hunter2"] });
  const told = {
    text: "running",
    step: "hunter2",
    service: "a hunter2",
    at: "2026-11-28T10:00:00.000Z",
    data: { "image.hunter2": "hunter2", hunter2: "x" },
    log: ["running", "hunter2"],
    unheardOf: { of: [{ deep: "hunter2 2026-11-28T10:00:00.000Z" }] },
    containers: { items: [{ state: "running", name: "hunter2", restarts: 3, health: null }] },
  };
  const heard = redactWhole(told, clean, () => false);
  expect(JSON.stringify(heard)).not.toContain("hunter2");
  expect(heard).toMatchObject({ text: "[secret]", at: told.at, log: ["[secret]", "[secret]"] });
  expect(heard.containers.items[0]).toMatchObject({ state: "running", restarts: 3, health: null });
  expect(heard.unheardOf.of[0]?.deep).toBe("[secret] [secret]-28T10:00:00.000Z");
  expect(redactWhole(told, unredacted, () => false)).toEqual(told);
});

test("values are those of variables, of the Compose file's environments and configs, and of files, line by line", () => {
  const file = "TOKEN='file-value-1'\nplain-line-of-file\n---------\nkey: yaml-value-2\n";
  const { values: found } = knownOf({
    compose:
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Compose fills it in
      "services:\n  web:\n    image: a\n    environment:\n      A: inline-${B}\n  job:\n    image: a\n    environment: [C=listed-value]\nconfigs:\n  c:\n    content: config-content\n",
    files: [{ path: "app.env", content: base64(file) }],
    variables: { B: "variable", JUST: "any-name" },
  });
  for (const value of [
    "variable",
    "any-name",
    "inline-variable",
    "listed-value",
    "config-content",
    "file-value-1",
    "plain-line-of-file",
    "yaml-value-2",
  ])
    expect(found).toContain(value);
  expect(found).not.toContain("---------");
});

test("a large file before it takes nothing from a small one: its values are looked for in every form", () => {
  const large = base64(Array.from({ length: 9000 }, (_, i) => `line ${i} of a large file`).join("\n"));
  const files = [
    { path: "words.txt", content: large },
    { path: "app.env", content: base64("DB_PASSWORD=small-file-value\n") },
  ];
  const { values, lines } = knownOf({ compose: "services:\n  web:\n    image: a\n", files, variables: {} });
  expect(values).toContain("small-file-value");
  expect(lines).toContain("line 8999 of a large file");
});

test("five hundred values cost a line little more than fifty do", () => {
  const lines = Array.from({ length: 700 }, (_, i) => `2026-11-28T10:00:00Z web-1 | GET /orders/${i}?page=2 200 in ${i % 90} ms`);
  const cost = (count: number) => {
    const clean = redactor({ values: Array.from({ length: count }, (_, i) => `value-${i}-${base64(String(i * 7919))}`) });
    const before = process.cpuUsage();
    for (let round = 0; round < 3; round++) for (const line of lines) clean(line);
    const { user } = process.cpuUsage(before);
    return user;
  };
  cost(50);
  const [few, many] = [cost(50), cost(500)];
  expect(many).toBeLessThan(few * 5 + 100_000);
});
