/**
 * What must not be in an export: values under names that say password, token, key and the like. It imports nothing, so that the CLI refuses
 * a file before it is sent, by the same rule as the service.
 */
const parts = new Set(
  "auth authorization bearer cookie credential credentials dsn jwt key keys pass passwd password passwords pem private pwd salt secret secrets token tokens".split(
    " ",
  ),
);
const inside = /password|passwd|passphrase|requirepass|secret|token|credential|apikey|accesskey|privatekey/;

/** Whether a name says that its value is secret: `DB_PASSWORD`, `apiKey`, `stripe-token`; not `monkey` or `AUTHOR`. */
export function looksSecret(name: string): boolean {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return words.split(/[^a-z0-9]+/).some((part) => parts.has(part)) || inside.test(words.replaceAll(/[^a-z0-9]/g, ""));
}

/** A value by itself: an address with a password in it, or a private key. */
const carries = (text: string) => /[a-z]:\/\/[^\s:/@]*:[^\s/@$]+@/i.test(text) || /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);

/** Nothing, or a variable's name without a default: that is how a secret may be spoken of. */
const speaksOf = (value: unknown) =>
  value === null ||
  typeof value === "boolean" ||
  (typeof value === "string" && /^(\$\{\w+(:?\?[^}]*)?\}|\$\w+)?$/.test(value.trim()));

const literal = (name: string, value: unknown) =>
  looksSecret(name) && !/_file$/i.test(name) && typeof value !== "object" && !speaksOf(value);

/** `NAME=value` of a list, or `--name value` of a command line, with a value that is none of a path's or a variable's. */
const assigned = (text: string) => {
  const [, name, value = ""] = /^([\w.-]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && literal(name, value)) return true;
  return [...text.matchAll(/--?([a-z][\w-]{0,60})[= ]([^\s$/'"-]\S*)/gi)].some(([, flag = "", given]) => literal(flag, given));
};

interface Place {
  readonly value: unknown;
  readonly path: string;
  readonly compose: boolean;
}

/**
 * The path of the first secret in an export, or undefined. In the export itself a secret-looking name is refused whatever its value; in a
 * Compose file only with a value of its own, because `${DB_PASSWORD}` and `DB_PASSWORD_FILE` hold nothing. `readYaml` reads a Compose file
 * and may throw.
 */
export function findSecret(document: unknown, readYaml: (text: string, path: string) => unknown): string | undefined {
  const seen = new Set<unknown>(); // a Compose file's anchors may lead back to themselves
  const left: Place[] = [{ value: document, path: "", compose: false }];
  for (let place = left.pop(); place; place = left.pop()) {
    const { value, path, compose } = place;
    if (typeof value === "string") {
      if (!compose && /^apps\.\d+\.compose$/.test(path)) left.push({ value: readYaml(value, path), path, compose: true });
      else if (carries(value) || (compose && assigned(value))) return path;
    }
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const below: Place[] = [];
    for (const [name, inner] of Object.entries(value)) {
      const at = path === "" ? name : `${path}.${name}`;
      if (compose ? literal(name, inner) : !Array.isArray(value) && looksSecret(name)) return at;
      below.push({ value: inner, path: at, compose });
    }
    left.push(...below.reverse());
  }
  return undefined;
}
