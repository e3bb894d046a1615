/** Finds secrets in an export. Imports nothing, so that the CLI applies the same rule before it sends the file. */
const parts = new Set(
  "auth authorization bearer cookie credential credentials dsn jwt key keys pass passwd password passwords pem private pwd salt secret secrets token tokens".split(
    " ",
  ),
);
const inside = /password|passwd|passphrase|requirepass|secret|token|credential|apikey|accesskey|privatekey/;
const some = new RegExp([...parts].join("|"));

/** `DB_PASSWORD`, `apiKey` and `stripe-token` do; `monkey` and `AUTHOR` do not. */
export function looksSecret(name: string): boolean {
  const bare = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  if (inside.test(bare)) return true;
  if (!some.test(bare)) return false; // most names: no word of theirs has to be looked for
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return words.split(/[^a-z0-9]+/).some((part) => parts.has(part));
}

/** A URL with a password, or a private key. */
const carries = (text: string) =>
  (text.includes("://") && /[a-z]:\/\/[^\s:/@]*:[^\s/@$]+@/i.test(text)) ||
  (text.includes("-----BEGIN ") && /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text));

/** Empty, or a variable without a default. */
const speaksOf = (value: unknown) =>
  value === null ||
  typeof value === "boolean" ||
  (typeof value === "string" && /^(\$\{\w+(:?\?[^}]*)?\}|\$\w+)?$/.test(value.trim()));

const literal = (name: string, value: unknown) =>
  looksSecret(name) && !/_file$/i.test(name) && typeof value !== "object" && !speaksOf(value);

/** `NAME=value` or `--name value`, unless the value is a path or a variable. */
const assigned = (text: string) => {
  const [, name, value = ""] = /^([\w.-]+)=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && literal(name, value)) return true;
  return [...text.matchAll(/--?([a-z][\w-]{0,60})[= ]([^\s$/'"-]\S*)/gi)].some(([, flag = "", given]) => literal(flag, given));
};

interface Path {
  readonly name: string;
  readonly above: Path | undefined;
}

interface Part {
  readonly value: unknown;
  /** Joined only when reported: one long name may lead to very many values. */
  readonly path: Path | undefined;
  readonly compose: boolean;
}

function told(path: Path | undefined): string {
  const names: string[] = [];
  for (let at = path; at; at = at.above) names.push(at.name);
  return names.reverse().join(".");
}

const isCompose = (path: Path | undefined) =>
  path?.name === "compose" && path.above?.above?.name === "apps" && path.above.above.above === undefined;

/** In the export a secret-looking name is refused whatever its value; in a Compose file only with a literal value. */
export function findSecret(document: unknown, readYaml: (text: string, path: string) => unknown): string | undefined {
  const seen = new Set<unknown>(); // a Compose file's anchors may lead back to themselves
  const left: Part[] = [{ value: document, path: undefined, compose: false }];
  for (let part = left.pop(); part; part = left.pop()) {
    const { value, path, compose } = part;
    if (typeof value === "string") {
      if (!compose && isCompose(path)) left.push({ value: readYaml(value, told(path)), path, compose: true });
      else if (carries(value) || (compose && assigned(value))) return told(path);
    }
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    const below: Part[] = [];
    for (const [name, inner] of Object.entries(value)) {
      const named = !Array.isArray(value) && (compose ? literal(name, inner) : looksSecret(name));
      if (named) return told({ name, above: path });
      if (typeof inner === "string" || typeof inner === "object")
        below.push({ value: inner, path: { name, above: path }, compose });
    }
    for (let i = below.length - 1; i >= 0; i--) left.push(below[i] as Part);
  }
  return undefined;
}
