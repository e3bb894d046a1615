const mark = "[secret]";

/** Names whose values must not appear in what we keep. */
const secretName = /pass|pwd|secret|token|key|credential|private|auth|salt|cookie|bearer|webhook|dsn|ur[il]$/i;

const SHORTEST = 6;

/** The passwords of addresses such as `postgres://user:password@host`, as they are written and as they are meant. */
const passwordsIn = (value: string) =>
  [...value.matchAll(/[a-z]:\/\/[^\s:/@]*:([^\s/@]+)@/gi)].flatMap(([, password = ""]) => [password, decoded(password)]);

/** What is not a percent-encoded text is what it is. */
const decoded = (text: string) =>
  text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll("%", ""), "hex").toString());

/** Takes the secret values among the variables out of a text, also in their base64 and URL-encoded forms. Short values hide nothing and are left. */
export function redactor(variables: Readonly<Record<string, string>>): (text: string) => string {
  const forms = new Set<string>();
  for (const [name, value] of Object.entries(variables)) {
    const within = passwordsIn(value);
    if (within.length === 0 && !secretName.test(name)) continue;
    for (const form of [value, ...value.split("\n"), ...within]) {
      if (form.length < SHORTEST) continue;
      forms.add(form);
      forms.add(encodeURIComponent(form));
      forms.add(Buffer.from(form).toString("base64"));
      forms.add(JSON.stringify(form).slice(1, -1));
    }
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((clean, form) => clean.replaceAll(form, mark), text);
}
