// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
/** Projects of several files: overrides, COMPOSE_FILE, includes with folders and variables of their own, and services of other files. */
import * as fc from "fast-check";

export interface SeveralFiles {
  readonly files: Readonly<Record<string, string>>;
}

const pick = <T>(...values: T[]) => fc.constantFrom(...values);

const bodies = pick(
  "    image: app:${TAG:-1}\n",
  "    image: app:${PART:-none}\n    env_file: one.env\n",
  "    image: app\n    volumes: ['./conf:/c:ro', data:/d]\n",
  "    image: app\n    volumes:\n      - {type: bind, source: conf, target: /c}\n",
  "    image: app\n    env_file:\n      - path: ./one.env\n      - {path: gone.env, required: false}\n",
  "    image: app\n    environment: {A: '${OUT}', B: '${PART}', C: }\n",
  "    image: app\n    ports: ['8080:80']\n    labels: {a: '${NO:-x}'}\n",
  "    image: app\n    configs: [app]\n    secrets: [token]\n",
  "    image: app\n    profiles: [debug]\n",
  "    image: app\n    depends_on: {late: {condition: service_started, required: false}}\n",
  "    image: app\n    command:\n      - sh\n      - |2\n\n          echo ${OUT}\n            more <x>&y\n    labels: {a: '\\n x', b: \"\\n  y\\n\"}\n",
  "    image: ${NO:-app}\n    command: [sh, -c, 'echo $$HOME']\n    deploy: {replicas: 2}\n",
);
const service = (name: string, body: string) => `  ${name}:\n${body}`;
const tops = "configs: {app: {file: ./conf/app.conf}}\nsecrets: {token: {file: token.txt}}\nvolumes: {data: {}}\n";

const base = (path: string) =>
  pick(
    `    extends: {file: ${path}, service: base}\n`,
    `    extends:\n      file: ./${path}\n      service: more\n`,
    `    extends: {file: '\${NO:-${path}}', service: base}\n    image: own\n`,
    `    extends: {file: ${path}, service: far}\n    environment: {OVER: own}\n`,
  );

/** What may be extended, with a folder of its own. */
const library = fc
  .tuple(bodies, bodies)
  .map(
    ([one, two]) =>
      `services:\n${service("base", one.replaceAll("configs: [app]\n    secrets: [token]", "tty: true"))}${service("more", `    extends: base\n${two.includes("configs") ? "    tty: true\n" : two}`)}${service("far", "    extends: {file: deep/deeper.yaml, service: deepest}\n    hostname: far\n")}volumes: {data: {}}\n`,
  );
const deeper = "services:\n  deepest:\n    image: deep\n    env_file: deep.env\n    volumes: ['./here:/h', '../up:/u']\n";

const include = pick(
  "include: [sub/part.yaml]\n",
  "include:\n  - path: sub/part.yaml\n",
  "include:\n  - path: [sub/part.yaml, sub/over.yaml]\n",
  "include:\n  - path: ./sub/part.yaml\n    project_directory: .\n    env_file: sub/.env\n",
  "include:\n  - path: sub/part.yaml\n    env_file: [vars.env, sub/other.env]\n",
  "include:\n  - path: sub/part.yaml\n    project_directory: lib\n",
  "include: ['${NO:-sub/part.yaml}', sub/nested.yaml]\n",
  "include: [sub/nested.yaml]\n",
);

/** What is included may not have what is there already. */
const inside = (text: string) =>
  text.replaceAll("token", "key").replaceAll("app:", "own:").replaceAll("[app]", "[own]").replaceAll("data", "kept");

const part = fc
  .tuple(bodies, pick("", "name: part\n", "x-a: ${PART}\n"))
  .map(([body, head]) => inside(`${head}services:\n${service("part", body)}${tops}`));

const override = pick(
  "services:\n  web:\n    image: over:${TAG}\n",
  "services:\n  web:\n    environment: {LATE: '${OUT}'}\n    ports: !override ['1:1']\n",
  "services:\n  web:\n    env_file: one.env\n    volumes: ['./conf:/c:ro']\n  extra: {image: extra, profiles: [debug]}\n",
  "services:\n  web:\n    extends: {file: lib/base.yaml, service: base}\n",
  "services:\n  web: !reset null\n  other: {image: other}\n",
  "services:\n  part:\n    labels: {late: a}\n",
  "services:\n  web:\n    configs: [app]\n",
  "volumes: {data: {name: there}}\n",
  "services:\n  again:\n    extends: web\n",
);

const named = pick<Readonly<Record<string, string>>>(
  { ".env": "TAG=7\nCOMPOSE_FILE=compose.yaml:more.yaml\n" },
  { ".env": "COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=compose.yaml,more.yaml\nPART=of the project\n" },
  { ".env": "TAG='a b'\n", "compose.override.yaml": "more" },
  { ".env": "COMPOSE_PROFILES=debug\n", "compose.override.yml": "more" },
  { "docker-compose.override.yml": "more", "docker-compose.override.yaml": "services: {none: {image: none}}\n" },
  { ".env": "" },
);

export const severalFiles: fc.Arbitrary<SeveralFiles> = fc
  .tuple(
    fc.option(include, { nil: "" }),
    fc.oneof(bodies, base("lib/base.yaml"), base("sub/../lib/base.yaml")),
    fc.option(bodies, { nil: undefined }),
    library,
    part,
    override,
    named,
    pick("PART=of sub\nOUT=never\n", "PART=${TAG:-no} ${OUT}\n", ""),
  )
  .map(([included, web, db, lib, part, later, files, variables]) => {
    const main = `${included}services:\n${service("web", web)}  late: {image: late, profiles: [late]}\n${db === undefined ? "" : service("db", db)}${tops}`;
    const own = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, text === "more" ? later : text]));
    return {
      files: {
        "compose.yaml": main,
        "more.yaml": later,
        "lib/base.yaml": lib,
        "lib/deep/deeper.yaml": deeper,
        "sub/part.yaml": part,
        "sub/over.yaml": "services:\n  part: {labels: {over: '${PART}'}}\n",
        "sub/nested.yaml": "include: [in/inner.yaml]\nservices:\n  nested: {image: 'n:${PART:-1}', volumes: ['./conf:/c']}\n",
        "sub/in/inner.yaml": "services:\n  inner:\n    image: 'i:${DEEP:-0}'\n    env_file: inner.env\n",
        "sub/in/.env": "DEEP=${PART:-deep}\n",
        "sub/in/inner.env": "I=${DEEP:-x}${PART-}\n",
        "sub/.env": variables,
        "sub/other.env": "PART=other\n",
        "vars.env": "PART=vars\nTAG=vars\n",
        ...Object.fromEntries(
          ["", "sub/", "lib/"].flatMap((folder) => [
            [`${folder}one.env`, `ONE=${folder}\nREFERS=\${OUT}\n`],
            [`${folder}conf/app.conf`, folder],
            [`${folder}token.txt`, folder],
            [`${folder}key.txt`, folder],
          ]),
        ),
        "lib/deep/deep.env": "DEEP=deep\n",
        "lib/deep/here/a": "a",
        "lib/up/b": "b",
        ...own,
      },
    };
  });
