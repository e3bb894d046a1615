const mark = "[secret]";

/** Names whose values must not appear in what we keep. */
const secretName = /pass|secret|token|key|credential|private|auth|dsn|_url$|^url$/i;

/** Takes the secret values among the variables out of a text, also in their base64 and URL-encoded forms. Short values hide nothing and are left. */
export function redactor(variables: Readonly<Record<string, string>>): (text: string) => string {
  const forms = new Set<string>();
  for (const [name, value] of Object.entries(variables)) {
    if (value.length < 6 || !secretName.test(name)) continue;
    for (const form of [value, ...value.split("\n").filter((line) => line.length >= 6)]) {
      forms.add(form);
      forms.add(encodeURIComponent(form));
      forms.add(Buffer.from(form).toString("base64"));
      forms.add(JSON.stringify(form).slice(1, -1));
    }
  }
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((clean, form) => clean.replaceAll(form, mark), text);
}
