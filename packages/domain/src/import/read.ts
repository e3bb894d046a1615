import type * as z from "zod";
import { readCompose } from "../compose/compose.ts";
import { TemplateError } from "../compose/template.ts";
import { COPIES_MOST, nothingSpent, readYaml as readAnyYaml, type Spent, type Yaml, YamlError } from "../compose/yaml.ts";
import { Problem } from "../error.ts";
import type { Export, SelfHosted } from "./export.ts";
import { findSecret } from "./secret.ts";

/** For all Compose files together: enough for a hundred typical ones. */
const PARTS_MOST = 30_000;

export interface ReadExport {
  readonly document: SelfHosted;
  /** By app: what its Compose file needs before it can be deployed. */
  readonly complaints: ReadonlyMap<string, string>;
}

/** All Compose files share one parsing budget. @throws Problem import.secret naming the path, never the value; input.invalid */
export function readExport(given: z.output<typeof Export>): ReadExport {
  const spent = nothingSpent(PARTS_MOST);
  const yamls = new Map<string, Yaml>();
  const found = findSecret(given, (text, path) => {
    const yaml = readYaml(text, path, spent);
    yamls.set(text, yaml);
    return yaml.documents.length === 1 ? yaml.documents[0] : yaml.documents;
  });
  if (found !== undefined)
    throw new Problem("import.secret", { detail: `At ${found.slice(0, 300)}.`, facts: { path: found.slice(0, 300) } });
  const complaints = given.apps.flatMap(({ name, compose }, i): [string, string][] => {
    const text = complaint(compose, yamls.get(compose));
    if (spent.copies > COPIES_MOST) throw unreadable(`apps.${i}.compose`, TOO_LARGE);
    return text === undefined ? [] : [[name, text]];
  });
  return { document: known(given), complaints: new Map(complaints) };
}

const known = (given: z.output<typeof Export>): SelfHosted => ({
  targets: given.targets.map(({ name: of, host, port, user }) => ({ name: of, host, port, user })),
  apps: given.apps.map(({ name: of, environments, compose, targets, variables }) => ({
    name: of,
    environments,
    compose,
    targets,
    variables,
  })),
  releases: given.releases.map(({ app, environment, number, images, createdAt }) => ({
    app,
    environment,
    number,
    images,
    createdAt,
  })),
  webhooks: given.webhooks.map(({ repository, branch, app }) => ({ repository, branch, app })),
});

function readYaml(text: string, path: string, spent: Spent): Yaml {
  try {
    return readAnyYaml(text, spent);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw unreadable(path, error.limit ? TOO_LARGE : "it is not YAML that can be read", error);
  }
}

const TOO_LARGE = "the Compose files are together too large; import fewer apps at once";

const unreadable = (path: string, reason: string, cause?: Error) =>
  new Problem("input.invalid", { detail: `body.document.${path}: ${reason}`, ...(cause && { cause }) });

const notThere = new TemplateError("its value is not in the export");

/** An export has no values: references stay as written, and any profile may be active. */
const unknown = (name: string): string => {
  if (name === "COMPOSE_PROFILES") return "*";
  throw notThere;
};

function complaint(compose: string, yaml: Yaml | undefined): string | undefined {
  try {
    readCompose(compose, unknown, { yaml });
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return `Before it can be deployed: ${error.detail ?? error.message}`;
    throw error;
  }
}
