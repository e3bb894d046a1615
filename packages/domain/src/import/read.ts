import { parseDocument } from "yaml";
import type * as z from "zod";
import { Problem } from "../error.ts";
import type { Export, SelfHosted } from "./export.ts";
import { findSecret } from "./secret.ts";

/**
 * An export as it is used: searched for secrets, with nothing in it but what is known.
 * @throws Problem import.secret naming the place and never the value, input.invalid when a Compose file is no YAML
 */
export function readExport(given: z.output<typeof Export>): SelfHosted {
  const found = findSecret(given, readYaml);
  if (found !== undefined) throw new Problem("import.secret", { detail: `At ${found.slice(0, 300)}.`, facts: { path: found } });
  return {
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
  };
}

/** Aliases are not followed more than this often: a small file can name a huge one. */
const ALIASES = 100;

function readYaml(text: string, path: string): unknown {
  const broken = new Problem("input.invalid", { detail: `body.document.${path}: it is not YAML that can be read` });
  const document = parseDocument(text, { uniqueKeys: false, logLevel: "error" });
  if (document.errors.length > 0) throw broken;
  try {
    return document.toJS({ maxAliasCount: ALIASES });
  } catch {
    throw broken;
  }
}
