import { createHash } from "node:crypto";
import { posix } from "node:path";
import type { Chosen } from "../addon/addon.ts";
import { contractsOf } from "../addon/contract.ts";
import { fragmentOf } from "../addon/fragment.ts";
import { buildOf, isLocal } from "../compose/build.ts";
import { type Composed, checkPath, checkPaths, type Images, lookupIn, readComposed } from "../compose/compose.ts";
import { generate } from "../compose/generated.ts";
import { readsOf } from "../compose/reads.ts";
import { RESERVED, RESERVED_BESIDE } from "../compose/reserved.ts";
import { type Lookup, TemplateError } from "../compose/template.ts";
import { Problem } from "../error.ts";
import { checkArchives } from "./archives.ts";
import { withGenerated, withoutGenerated } from "./generated.ts";
import { checkLarge } from "./large.ts";
import { type Bundle, pack, type Release, sourcesOf, type Used } from "./release.ts";

export interface ReadBundle {
  readonly composed: Composed;
  readonly data: Uint8Array;
  readonly hash: string;
}

/** What somebody asks to be deployed, or planned. */
export interface Asked {
  readonly app: string;
  readonly environment?: string | undefined;
  readonly bundle: Bundle;
  /** By service, in place of what the Compose file says. */
  readonly images?: Images | undefined;
  /** Of secrets and variables, besides `default`. By default those of the deployment before. */
  readonly namespaces?: readonly string[] | undefined;
  /** Ids or names. By default the environment's placement, else the only target. */
  readonly targets?: readonly string[] | undefined;
  /** The id or name of the one of them that builds for the others. By default each builds for itself. */
  readonly buildOn?: string | undefined;
}

/** What Berth adds to it. */
interface Added {
  readonly project: string;
  readonly addons: readonly Chosen[];
  /** The secrets and variables that it uses. */
  readonly used: readonly Used[];
}

/** What the variables of a run are called that are not known before it, besides those of add-ons and what is set. */
const given = /^BERTH_/i;

/** @throws Problem compose.invalid, compose.unsupported, compose.no_service, compose.conflict, input.invalid, bundle.too_large */
export function readBundle({ bundle, images }: Pick<Asked, "bundle" | "images">, added: Added): ReadBundle {
  const { compose, composeFiles } = bundle;
  if ((compose === undefined) === (composeFiles === undefined))
    throw new Problem("input.invalid", { detail: "A bundle has either `compose` or `composeFiles`." });
  const reserved = compose === undefined ? RESERVED_BESIDE : RESERVED;
  const placed = <F extends { path: string }>(file: F): F => ({ ...file, path: checkPath(file.path, reserved) });
  const files = bundle.files.map(placed);
  const large = bundle.large && { ...bundle.large, files: bundle.large.files.map(placed) };
  checkPaths([...files, ...(large?.files ?? [])].map(({ path }) => path));
  checkLarge(large?.files ?? []);
  const checked = { ...bundle, files, ...(large && { large }) };
  for (const path of composeFiles ?? [])
    if (!files.some((file) => file.path === path) || /[\r\n]/.test(path))
      throw new Problem("input.invalid", { detail: `"${path.slice(0, 80)}" is no Compose file of the bundle.` });
  checkArchives([...(bundle.archives ?? []), ...(large?.archives ?? [])]);
  const own = Object.keys(bundle.variables).find((name) => given.test(name));
  if (own !== undefined)
    throw new Problem("input.invalid", { detail: `The variable ${own}: names that begin with BERTH_ are given by Berth.` });
  const { composed, whole } = withAdded(checked, images, added);
  checkBuilds(composed, bundle);
  checkUnread(composed, large?.files ?? []);
  const data = pack(whole);
  const hash = createHash("sha256")
    .update(data)
    .update(JSON.stringify(images ?? {}))
    .update(added.used.length > 0 ? JSON.stringify(added.used) : "")
    .digest("hex");
  return { composed, data, hash };
}

/** An earlier release's bundle with the add-ons of another one. @throws Problem compose.conflict */
export function withAddons(bundle: Bundle, { services, addons = [], variables = [] }: Release, project: string): Bundle {
  const given = services.filter(({ name, given }) => given && !addons.some((each) => each.name === name));
  const images = Object.fromEntries(given.map(({ name, image }) => [name, image]));
  const { addons: _, ...own } = withoutGenerated(bundle);
  return withAdded(own, images, { project, addons, used: variables }).whole;
}

/** The bundle with what is added to it, read as a whole. */
function withAdded(bundle: Bundle, images: Images | undefined, { project, addons, used }: Added) {
  const sources = sourcesOf(bundle);
  const contracts = contractsOf(addons);
  const later = new Set([...contracts.flatMap((each) => Object.keys(each.variables)), ...used.map(({ name }) => name)]);
  const get: Lookup = (name) => {
    if (later.has(name) || given.test(name)) throw new TemplateError("only a run knows it");
    return lookupIn(bundle.variables)(name);
  };
  const own = readComposed(sources, get, { images });
  if (addons.length === 0) return { composed: own, whole: bundle };
  const variables = { ...bundle.variables, ...Object.fromEntries(used.map(({ name }) => [name, ""])) };
  const text = generate({ file: own.file, sources, variables, get, project }, addons.map(fragmentOf));
  const whole: Bundle = { ...withGenerated(bundle, text), addons: contracts };
  return { composed: readComposed(sourcesOf(whole), get, { images }), whole };
}

/** @throws Problem compose.unsupported where a service is built from a folder of which nothing was sent */
function checkBuilds({ services, file }: Composed, { archives = [] }: Bundle): void {
  if (archives.length > 0) return;
  for (const { name, built } of services) {
    const service = built && file.services.get(name);
    if (service && isLocal(buildOf(service).context))
      throw new Problem("compose.unsupported", {
        detail: `Service "${name}" is built from a folder, and the bundle has no archives of it.`,
        facts: { feature: "build", service: name },
      });
  }
}

/** A server plans without large files. What Compose reads may not be one, or another thing would be done than is planned. */
function checkUnread({ file }: Composed, large: readonly { readonly path: string }[]): void {
  if (large.length === 0) return;
  const read = new Set(readsOf(file).map(({ path }) => posix.normalize(path)));
  const isOdd = file.parts.some(({ odd }) => odd);
  const found = large.find(({ path }) => read.has(path) || (isOdd && posix.basename(path) === ".env"));
  if (found) throw new Problem("input.invalid", { detail: `"${found.path}" is large, and Compose itself reads it.` });
}
