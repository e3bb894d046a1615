/** A decoded form before its types are known: text, or a bag of further nodes. Array indices are still keys here. */
export type FormNode = string | FormBag;
export interface FormBag {
  [key: string]: FormNode;
}

/** A bag without a prototype, so that no key can reach Object.prototype. */
export function bag(): FormBag {
  return Object.create(null) as FormBag;
}

/**
 * Decode `application/x-www-form-urlencoded` text with Stripe's nesting: `items[0][price]=p`, `expand[]=a`, `metadata[k]=v`.
 * Later values win over earlier ones of the same name, except under `[]`, where they are counted up.
 */
export function parseForm(text: string): FormBag {
  const root = bag();
  if (text === "") return root;
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const at = pair.indexOf("=");
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    put(root, keysOf(name), at < 0 ? "" : decode(pair.slice(at + 1)));
  }
  return root;
}

/** `items[0][price]` for the keys `["items", "0", "price"]`, the way Stripe names a parameter in its errors. */
export function paramName(keys: readonly string[]): string {
  return keys.map((key, index) => (index === 0 ? key : `[${key}]`)).join("");
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

function keysOf(name: string): string[] {
  const first = name.indexOf("[");
  if (first <= 0 || !name.endsWith("]")) return [name];
  return [name.slice(0, first), ...name.slice(first + 1, -1).split("][")];
}

function put(root: FormBag, keys: string[], value: string): void {
  let node = root;
  for (const [index, raw] of keys.entries()) {
    const key = raw === "" ? String(Object.keys(node).length) : raw;
    if (index === keys.length - 1) {
      node[key] = value;
      return;
    }
    const child = node[key];
    if (child === undefined || typeof child === "string") node[key] = bag();
    node = node[key] as FormBag;
  }
}
