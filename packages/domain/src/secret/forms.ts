import { cleanText } from "../remote/text.ts";

export const SHORTEST = 6;

export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString("hex");
  const json = JSON.stringify(value).slice(1, -1);
  const inJson = json === value ? [] : base64Of(Buffer.from(json));
  return [...plainForms(value), ...base64Of(bytes), ...inJson, hex, hex.toUpperCase()];
}

/** As it is, and as the protocol delivers it, with tabs turned into spaces. */
export const plainForms = (value: string): string[] => [value, cleanText(value)].filter(({ length }) => length >= SHORTEST);

/** A value can start at each of three offsets in a base64 group; these are the characters that depend on it alone. */
function base64Of(bytes: Buffer): string[] {
  const whole = bytes.toString("base64");
  const inside = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6)),
  );
  const forms = [whole, ...inside];
  return [...forms, ...forms.map((form) => form.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""))];
}

/** Passwords in URLs such as `postgres://user:password@host`, encoded and decoded. */
export const passwordsIn = (value: string): string[] =>
  [...value.matchAll(/[a-z]:\/\/[^\s:/@]*:([^\s/@]+)@/gi)].flatMap(([, password = ""]) => [password, unpercent(password).text]);

/** A text with its escapes decoded. `from` maps an index in it, or its end, to the index in the original. */
export interface View {
  readonly text: string;
  readonly from: (index: number) => number;
}

export const unchanged = (text: string): View => ({ text, from: (index) => index });

type Decoded = readonly (readonly [char: string, width: number])[];

const letters: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v", a: "\x07", 0: "\0" };

const escaped =
  /\\u\{([0-9a-fA-F]{1,6})\}|\\U([0-9a-fA-F]{8})|\\u([0-9a-fA-F]{4})|((?:\\x[0-9a-fA-F]{2})+)|((?:\\[0-3][0-7]{2})+)|\\[\s\S]|\$\$/gu;

export const unbackslash = (text: string): View =>
  decodeEscapes(text, escaped, ([whole, braced, long, short, bytes, octal]) => {
    const point = braced ?? long ?? short;
    if (point !== undefined) return [[character(Number.parseInt(point, 16)), whole.length]];
    if (bytes !== undefined) return decoded(Buffer.from(bytes.replaceAll("\\x", ""), "hex"), 4);
    if (octal !== undefined)
      return decoded(
        octal
          .split("\\")
          .slice(1)
          .map((each) => Number.parseInt(each, 8)),
        4,
      );
    return [[letters[whole.slice(1)] ?? whole.slice(1), whole.length]];
  });

export const unpercent = (text: string, plus = false): View =>
  decodeEscapes(text, plus ? /(?:%[0-9a-f]{2})+|\+/giu : /(?:%[0-9a-f]{2})+/giu, ([whole]) =>
    whole === "+" ? [[" ", 1]] : decoded(Buffer.from(whole.replaceAll("%", ""), "hex"), 3),
  );

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export const unentity = (text: string): View =>
  decodeEscapes(text, /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));/gu, ([whole, name = "", decimal, hex]) => [
    [entities[name] ?? character(decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal)), whole.length],
  ]);

export const unquote = (text: string): View =>
  decodeEscapes(text, /'\\''|'"'"'|''|""/gu, ([whole]) => [[whole.slice(0, 1), whole.length]]);

export const unnumber = (text: string): View =>
  decodeEscapes(
    text,
    /\b[0-9a-fA-F]{2}([ :])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4,}\b|\b\d{1,3}(, ?| )\d{1,3}(?:\2\d{1,3}){4,}\b/gu,
    ([whole, between, comma = ""]) => {
      const numbers = whole.split(between ?? comma);
      const bytes = numbers.map((each) => Number.parseInt(each, between ? 16 : 10));
      if (bytes.some((byte) => byte > 255)) return [...whole].map((char) => [char, 1] as const);
      const widths = numbers.map((each, i) => each.length + (i < numbers.length - 1 ? (between ?? comma).length : 0));
      return decoded(bytes, widths);
    },
  );

const character = (point: number) => (point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd");

/** Bytes as UTF-8, or as Latin-1 where they are not valid UTF-8. */
function decoded(bytes: ArrayLike<number>, widths: number | readonly number[]): Decoded {
  const all = Uint8Array.from(bytes);
  const widthOf = (at: number) => (typeof widths === "number" ? widths : (widths[at] ?? 0));
  const found: [string, number][] = [];
  for (let at = 0; at < all.length; ) {
    const first = all[at] ?? 0;
    const count = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
    const text = count === 1 ? "\ufffd" : Buffer.from(all.subarray(at, at + count)).toString();
    const [char, taken] = text.includes("\ufffd") ? [String.fromCharCode(first), 1] : [text, count];
    let width = 0;
    for (let i = at; i < at + taken; i++) width += widthOf(i);
    found.push([char, width]);
    at += taken;
  }
  return found;
}

function decodeEscapes(text: string, pattern: RegExp, meaning: (found: RegExpExecArray) => Decoded): View {
  const from = new Uint32Array(text.length + 1);
  let clean = "";
  let at = 0;
  const keep = (end: number) => {
    for (let i = at; i < end; i++) from[clean.length + i - at] = i;
    clean += text.slice(at, end);
    at = end;
  };
  for (const found of text.matchAll(pattern)) {
    keep(found.index);
    // Decoding never makes a text longer.
    for (const [char, width] of meaning(found)) {
      from.fill(at, clean.length, clean.length + char.length);
      clean += char;
      at += width;
    }
  }
  keep(text.length);
  from[clean.length] = text.length;
  return { text: clean, from: (index) => from[index] ?? text.length };
}
