import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const bad = "$(touch /tmp/pwned) `touch /tmp/pwned` \"'; touch /tmp/pwned #";

/** Variables as the container is to have them. */
export const hostileVariables: Record<string, string> = {
  HOSTILE_SHELL: bad,
  HOSTILE_LINES: `first\n${bad}\nthird\ttab`,
  HOSTILE_UNICODE: "züri 船 \u202e🚢 é",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell would replace it
  HOSTILE_DOLLARS: "$HOME $$ ${HOME} %s \\n \\",
  HOSTILE_SINGLE: "it's 'quoted' = #not a comment",
  HOSTILE_EMPTY: "",
};

/** Files below `conf/`, by name. */
export const hostileFiles: Record<string, string> = {
  "$(touch pwned)": "one\n",
  "`touch pwned`;'\"": bad,
  "two\nlines": "newline\n",
  "-rf *": "dash\n",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell would replace it
  "船 🚢.txt": "unicode ${HOME} $(id)\n",
};

/** As `.env` says it: double quotes with everything escaped that means something in them. */
const quoted = (value: string) =>
  `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("$", "\\$").replaceAll("\n", "\\n").replaceAll("\t", "\\t")}"`;

/** An app whose values, file names, file contents and arguments are all made to run something if a shell ever reads them. */
export function writeHostile(folder: string): void {
  const names = Object.keys(hostileVariables);
  mkdirSync(join(folder, "conf"));
  for (const [name, content] of Object.entries(hostileFiles)) writeFileSync(join(folder, "conf", name), content);
  writeFileSync(join(folder, ".env"), names.map((name) => `${name}=${quoted(hostileVariables[name] ?? "")}\n`).join(""));
  const web = {
    image: "busybox:1.36",
    stop_signal: "SIGKILL",
    command: ["sh", "-c", "sleep 100000; true", bad.replaceAll("$", "$$$$")],
    environment: Object.fromEntries(names.map((name) => [name, `\${${name}}`])),
    labels: { "example.hostile": bad.replaceAll("$", "$$$$") },
    volumes: ["./conf:/conf:ro"],
  };
  // JSON is YAML, and its quoting is beyond doubt.
  writeFileSync(join(folder, "compose.yaml"), JSON.stringify({ services: { web } }, null, 2));
}
