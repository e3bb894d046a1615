// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
/** Compose files that use, in chance combinations, everything that Compose merges before it looks at what it has. */
import * as fc from "fast-check";
import { envLine } from "./lines.ts";

export interface Sample {
  readonly compose: string;
  readonly env: string;
}

/** Beside every sample: what its env files, secrets and mounts may name. */
export const beside = {
  "one.env": "ONE=1\nREFERS=${OUT}/${ONE}/${NO:-none}\nOUT\n",
  "needs.env": "NEEDS=${KEY:?it has to be set}${A1-}\n",
  "two.env": "# ${COMMENTED}\nTWO='$5 it\\'s'\nONE=two\napp.url=x:y\n",
  "conf/app.conf": "conf",
  "token.txt": "token",
};

const text = fc.constantFrom(
  "plain",
  "${OUT}",
  "${NO:-dflt}",
  "${EMPTY:-x}-$OUT",
  "$$HOME ${A:+set}",
  "a: b",
  "#hash",
  "1.10",
  "yes",
  "0x1F",
  "~",
  "null",
  "012",
  "2024-01-01",
  "1_000",
  "é 漢",
  "{}",
  "- x",
  "'q' \"d\"",
  "${A-${OUT:-$NO}}",
  "$5 ${b}",
  "",
);
/** A text as one of the ways that YAML has for it. */
const scalar = fc.tuple(text, fc.constantFrom("double", "single", "plain", "block")).map(([value, style]) => {
  if (style === "single") return `'${value.replaceAll("'", "''")}'`;
  if (style === "plain" && /^[\w$][\w$.{}:-]*$/.test(value) && !/: |#/.test(value)) return value;
  if (style === "block" && value !== "") return `|-\n        ${value}`;
  return JSON.stringify(value);
});

const pick = <T>(...values: T[]) => fc.constantFrom(...values);
const maybe = (weight: number, arbitrary: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 10 - weight, arbitrary: fc.constant("") }, { weight, arbitrary });

const image = pick(
  "app:1",
  "app:${TAG:-1}",
  '"app:${OUT-x}"',
  `registry.example.com/a/b@sha256:${"0".repeat(64)}`,
  "'app:$TAG'",
  "app:${A:+a}x",
).map((value) => `    image: ${value}\n`);
const environment = fc.oneof(
  fc.array(fc.tuple(pick("A1", "B2", "OUT", "NO", "KEY"), scalar), { maxLength: 3 }).map((pairs) => {
    const unique = new Map(pairs);
    return unique.size === 0
      ? ""
      : `    environment:\n${[...unique].map(([name, value]) => `      ${name}: ${value}\n`).join("")}`;
  }),
  fc
    .array(pick("OUT", "NO", "A1=1", '"B2=${OUT} x"', "KEY", "EMPTY", "'C3=$$x'"), { maxLength: 3 })
    .map((items) =>
      items.length === 0 ? "" : `    environment:\n${[...new Set(items)].map((item) => `      - ${item}\n`).join("")}`,
    ),
  fc.constant("    environment: {A1: , OUT: , B2: x}\n"),
);
const ports = pick(
  '    ports: ["80"]\n',
  '    ports: ["8080:80", "127.0.0.1:${PORT:-5432}:5432/tcp"]\n',
  "    ports:\n      - target: 80\n        published: 8081\n",
  "    ports:\n      - 9000\n      - 127.0.0.1::81\n",
  '    ports: ["9001-9003:9001-9003"]\n',
  "    ports: !override\n      - 7000:7000\n",
  "    ports: !reset []\n",
  "    ports: [22:22]\n",
);
const envFile = pick(
  "    env_file: one.env\n",
  "    env_file: [two.env, ./one.env]\n",
  "    env_file: [one.env, needs.env]\n",
  "    env_file:\n      - path: ${FILE:-one.env}\n        required: true\n      - path: gone.env\n        required: false\n",
);
const volumes = pick(
  "    volumes: ['./conf:/etc/app:ro', data:/data]\n",
  "    volumes:\n      - type: bind\n        source: conf\n        target: /c\n",
  "    volumes:\n      - ${CONF:-./conf}:/etc/app\n      - /var/run/x:/y\n",
);
const more = pick(
  "    configs: [app]\n",
  "    secrets: [token, inline]\n",
  "    profiles: [debug]\n",
  "    profiles: ['${PROFILE:-all}']\n",
  "    command: ['sh', '-c', 'echo $$HOME ${OUT}']\n",
  '    labels: {a.b: "${EMPTY}", c: yes}\n',
  "    restart: ${POLICY:-always}\n",
  "    deploy: {replicas: 2}\n",
  "    x-note: ${NO}\n",
  "    build: .\n",
  "    depends_on: []\n",
);
const merge = pick("    <<: *base\n", "    <<: [*base, *more]\n");

const service = (names: readonly string[], own: number) =>
  fc
    .tuple(
      maybe(4, merge),
      own === 0
        ? fc.constant("")
        : maybe(
            5,
            pick(...names.slice(0, own)).chain((base) =>
              pick(
                `    extends: ${base}\n`,
                `    extends:\n      service: ${base}\n`,
                `    extends: {service: "\${NO:-${base}}"}\n`,
              ),
            ),
          ),
      fc.oneof({ weight: own === 0 ? 9 : 5, arbitrary: image }, { weight: 1, arbitrary: fc.constant("") }),
      maybe(5, environment),
      maybe(4, ports),
      maybe(3, envFile),
      maybe(3, volumes),
      maybe(5, more),
      maybe(1, pick("    build: !reset null\n", "    image: !reset null\n", "    imag: x\n", "    environment: !reset null\n")),
    )
    .map((parts) => {
      const seen = new Set<string>();
      // A key that is there twice is no file.
      const body = parts.filter((part) => part !== "" && !seen.has(keyOf(part)) && seen.add(keyOf(part))).join("");
      return `  ${names[own]}:\n${body === "" ? "    {}\n" : body}`;
    });
const keyOf = (part: string) => part.trim().split(":")[0] ?? "";

const names = ["web", "db", "worker.1", "cache_x", "job-2"];
const services = fc
  .integer({ min: 1, max: 5 })
  .chain((count) => fc.tuple(...names.slice(0, count).map((_, own) => service(names, own))))
  .map((parts) => `services:\n${parts.join("")}`);

const anchors =
  "x-log: &log {driver: json-file, options: {max-size: '${SIZE:-10m}'}}\nx-base: &base\n  restart: unless-stopped\n  logging: *log\n  environment: {FROM: base}\nx-more: &more\n  <<: *base\n  stop_grace_period: 5s\n";
const tail =
  "configs: {app: {file: ./conf/app.conf}}\nsecrets: {token: {file: '${SECRET:-token.txt}'}, inline: {environment: OUT}}\nvolumes: {data: {}, }\n";
const second = pick(
  "",
  "",
  "",
  "---\nservices:\n  web:\n    image: second:${TAG}\n",
  "---\nservices:\n  web:\n    environment: {LATE: '${OUT}'}\n    ports: !override ['1:1']\n",
  "---\nservices:\n  extra:\n    image: extra\n    profiles: [debug]\n",
  "---\nservices:\n  web: !reset null\n  other: {image: other}\n",
  "---\nname: real\n",
  "...\n",
);
const start = pick(
  "",
  "",
  "",
  "\ufeff",
  "# ${COMMENTED} $ALSO\n",
  "version: '3.8'\n",
  "name: real\n",
  "---\n",
  "%YAML 1.2\n---\n",
);

export const sample: fc.Arbitrary<Sample> = fc
  .tuple(
    start,
    services,
    second,
    pick("\n", "\n", "\n", "\r\n"),
    fc.array(envLine, { maxLength: 3 }),
    pick("", "TAG=7\n", "COMPOSE_PROFILES=debug\n", "CONF=./conf # x\n"),
  )
  .map(([head, body, later, newline, lines, more]) => ({
    compose: `${head}${anchors}${body}${tail}${later}`.replaceAll("\n", newline),
    env: `${more}${lines.join("\n")}`,
  }));
