import {
  formsOf,
  passwordsIn,
  plainForms,
  SHORTEST,
  unbackslash,
  unchanged,
  unentity,
  unnumber,
  unpercent,
  unquote,
  type View,
} from "./forms.ts";

export type Redact = (text: string) => string;

export const unredacted: Redact = (text) => text;

export interface Known {
  readonly values: Iterable<string>;
  /** Searched for literally, not in every encoding: lines of long files. */
  readonly lines?: Iterable<string>;
  readonly shown?: Iterable<string>;
}

const MARK = "[secret]";
/** Characters of a value that identify it where text was cut or wrapped; half of a shorter value. */
const PART_MOST = 16;
/** A line of this length was probably truncated. */
const LONG = 700;
const CUT_PART = 4;
const WRAPPED = 32;
const GRAM = 8;
const NEIGHBOURS = 8;
const CUT_SHORT = /…|\.{3}/gu;
const VIEWS_MOST = 8;
const JSON_DEPTH = 4;

type Span = readonly [from: number, to: number];

/** Control characters are removed first: one in the middle of a secret would hide it. */
const plain = (text: string) => text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");

/** Redacts each value of six or more characters, and each of its lines, in common encodings and where it was cut off. */
export function redactor({ values, lines = [], shown = [] }: Known): Redact {
  const forms = new Set<string>();
  for (const value of values)
    for (const part of partsOf(value)) if (part.trim().length >= SHORTEST) for (const form of formsOf(part)) forms.add(form);
  for (const line of lines) for (const form of plainForms(line.trim())) forms.add(form);
  if (forms.size === 0) return plain;
  const spansOf = finder([...forms]);
  const visible = [...new Set(shown)].filter(({ length }) => length >= SHORTEST);
  return (given) => {
    const text = plain(given);
    const found = viewsOf(text).flatMap(({ text: seen, from }) =>
      spansOf(seen).map(([start, end]): Span => [from(start), from(end)]),
    );
    return found.length === 0 ? text : mask(text, found, visible);
  };
}

const partsOf = (value: string) =>
  new Set([value, value.trim(), ...value.split(/[\r\n]+/).map((line) => line.trim()), ...passwordsIn(value)]);

/** The text as it is and with its escapes decoded, nested ones included. JSON in JSON comes first. */
function viewsOf(text: string): View[] {
  const views = [unchanged(text)];
  const known = new Set([text]);
  const addView = ({ from }: View, view: View) => {
    if (known.has(view.text) || views.length === VIEWS_MOST) return;
    known.add(view.text);
    views.push({ text: view.text, from: (index) => from(view.from(index)) });
  };
  for (let i = 0; i < views.length && i < JSON_DEPTH; i++) {
    const view = views[i] as View;
    if (view.text.includes("\\") || view.text.includes("$$")) addView(view, unbackslash(view.text));
  }
  for (let i = 0; i < views.length; i++) {
    const view = views[i] as View;
    const { text: seen } = view;
    if (/%[0-9a-f]{2}/i.test(seen)) addView(view, unpercent(seen));
    if (i < 2 && /&#?\w{2,8};/.test(seen)) addView(view, unentity(seen));
    if (i < 2 && /''|""|'\\''|'"'"'/.test(seen)) addView(view, unquote(seen));
    if (i === 0 && seen.includes("+")) addView(view, unpercent(seen, true));
    if (i === 0 && /\w[ :,] ?\w/.test(seen)) addView(view, unnumber(seen));
    if (seen.includes("\\")) addView(view, unbackslash(seen));
  }
  return views;
}

function mask(text: string, found: readonly Span[], shown: readonly string[]): string {
  const visible = shown.flatMap((word) => occurrences(text, word));
  const hidden = found
    .filter(([from, to]) => !visible.some(([start, end]) => start <= from && to <= end))
    .sort(([a], [b]) => a - b);
  let clean = "";
  let at = 0;
  for (let i = 0; i < hidden.length; ) {
    const [from, first] = hidden[i++] as Span;
    let to = first;
    while (i < hidden.length && (hidden[i] as Span)[0] <= to) to = Math.max(to, (hidden[i++] as Span)[1]);
    clean += text.slice(at, from) + MARK;
    at = to;
  }
  return clean + text.slice(at);
}

function occurrences(text: string, word: string): Span[] {
  const spans: Span[] = [];
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) spans.push([at, at + word.length]);
  return spans;
}

function finder(forms: readonly string[]): (text: string) => Span[] {
  const heads = index(forms);
  const tails = index(forms.map(reversed));
  const wrapped = grams(forms.filter(({ length }) => length >= WRAPPED));
  return (text) => {
    const spans: Span[] = [];
    heads.each(text, (at) => {
      const form = heads.longestIn(text.slice(at));
      if (form) spans.push([at, at + form.length]);
    });
    let start = 0;
    for (const line of text.split("\n")) {
      const end = start + line.length;
      heads.each(line, (at) => {
        if (isPart(line, at, heads)) spans.push([start + at, end]);
      });
      let from = 0;
      for (const { index, 0: dots } of line.matchAll(CUT_SHORT)) {
        const piece = line.slice(from, index);
        const begins = start + from;
        heads.each(piece, (at) => {
          if (isPart(piece, at, heads)) spans.push([begins + at, begins + piece.length]);
        });
        from = index + dots.length;
      }
      const back = reversed(line);
      tails.each(back, (at) => {
        if (isPart(back, at, tails)) spans.push([start, end - at]);
      });
      const trimmed = line.trim();
      if (trimmed.length >= PART_MOST && wrapped(trimmed)) spans.push([start, end]);
      start = end + 1;
    }
    return spans;
  };
}

/** Whether the rest of the line is the beginning of a form that was cut off. */
function isPart(line: string, at: number, heads: Index): boolean {
  const part = line.slice(at);
  const least = (form: string) =>
    line.length >= LONG ? CUT_PART : Math.min(PART_MOST, Math.max(SHORTEST, Math.ceil(form.length / 2)));
  return heads.beginningWith(part).some((form) => part.length >= least(form));
}

const reversed = (text: string) => text.split("").reverse().join("");

interface Index {
  each(text: string, found: (at: number) => void): void;
  longestIn(text: string): string | undefined;
  beginningWith(text: string): string[];
}

const BITS = 20;
const MASK = 2 ** BITS - 1;

/** Sorted forms, and a bit per hash of four leading characters: most positions cost one shift and one lookup. */
function index(forms: readonly string[]): Index {
  const sorted = [...new Set(forms)].sort((a, b) => (a < b ? -1 : 1));
  const bits = new Uint8Array(2 ** BITS);
  for (const form of sorted) bits[hashOf(form)] = 1;
  const upTo = (text: string) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as string) <= text) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    each(text, found) {
      let hash = 0;
      for (let i = 0; i < text.length; i++) {
        hash = ((hash << 5) ^ text.charCodeAt(i)) & MASK;
        if (i >= 3 && bits[hash] === 1) found(i - 3);
      }
    },
    longestIn(text) {
      for (let limit = text; ; ) {
        const form = sorted[upTo(limit) - 1];
        if (form === undefined || text.startsWith(form)) return form;
        let common = 0;
        while (common < form.length && form[common] === text[common]) common++;
        if (common < SHORTEST) return undefined;
        limit = text.slice(0, common);
      }
    },
    beginningWith(text) {
      const from = upTo(text);
      return sorted.slice(from, from + NEIGHBOURS).filter((form) => form.startsWith(text));
    },
  };
}

const hashOf = (text: string) => {
  let hash = 0;
  for (let i = 0; i < 4; i++) hash = ((hash << 5) ^ text.charCodeAt(i)) & MASK;
  return hash;
};

/** Whether a whole line is a piece of a long form, as when base64 or hex is wrapped. */
function grams(forms: readonly string[]): (line: string) => boolean {
  const bits = new Uint8Array(forms.length === 0 ? 0 : 2 ** 22);
  const hash = (text: string, at: number) => {
    let sum = 0;
    for (let i = at; i < at + GRAM; i++) sum = (Math.imul(sum, 31) + text.charCodeAt(i)) | 0;
    return (sum ^ (sum >>> 11)) & (2 ** 22 - 1);
  };
  for (const form of forms) for (let at = 0; at + GRAM <= form.length; at++) bits[hash(form, at)] = 1;
  return (line) => {
    if (forms.length === 0) return false;
    for (const at of [0, line.length - GRAM, (line.length - GRAM) >> 1]) if (bits[hash(line, at)] === 0) return false;
    return forms.some((form) => form.includes(line));
  };
}
