// biome-ignore-all lint/suspicious/noExplicitAny: tests look into whatever Compose answers
/** What Berth adds to a project is added and nothing else: the real Compose is the judge. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Chosen } from "@berth/domain/addon/addon.ts";
import { kinds } from "@berth/domain/addon/catalogue.ts";
import { contractOf, passwordVariable } from "@berth/domain/addon/contract.ts";
import { fragmentOf, volumeOf } from "@berth/domain/addon/fragment.ts";
import { type KindName, kindNames } from "@berth/domain/addon/kind.ts";
import { lookupIn, readComposed } from "@berth/domain/compose/compose.ts";
import { generate } from "@berth/domain/compose/generated.ts";
import { Problem } from "@berth/domain/error.ts";
import { filesOf } from "@berth/domain/release/files.ts";
import { withGenerated } from "@berth/domain/release/generated.ts";
import { type Bundle, sourcesOf } from "@berth/domain/release/release.ts";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { Refused } from "../../packages/cli/src/refusal.ts";
import { judge } from "./corpus.ts";
import { beside, sample } from "./files.ts";
import { absent, Compose } from "./real.ts";
import { severalFiles } from "./several.ts";

const reason = absent();
const seed = Number(process.env.BERTH_SEED ?? 7);
const times = Number(process.env.BERTH_TIMES ?? 1);
const timeout = times * 1_200_000;
const corpus = process.env.BERTH_CORPUS;
const env = { PATH: "/usr/bin:/bin", HOME: "/nowhere" };

const each = fc.constantFrom<KindName>(...kindNames).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    // Names that the files of these tests have, too.
    name: fc.constantFrom<string>(kind, kind, kind, kind, "orders", "orders", "cache", "db", "token"),
    version: fc.constantFrom(...kinds[kind].versions),
    args: fc.constantFrom<string[] | undefined>(undefined, ["--x=$5"]),
    memory: fc.constantFrom(undefined, "256m"),
  }),
);
const chosen: fc.Arbitrary<Chosen[]> = fc.uniqueArray(each, { minLength: 1, maxLength: 3, selector: ({ name }) => name });

const PASSWORD = "abcDEF0123456789";

async function read(folder: string): Promise<Bundle | undefined> {
  const own = { ...env, PWD: folder };
  try {
    return (await makeBundle(await findProject(folder, [], own), own)).bundle as unknown as Bundle;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const written = (compose: Compose, bundle: Bundle) =>
  compose.folder(Object.fromEntries(filesOf({ services: [] }, bundle).map(({ path, content }) => [path, Buffer.from(content)])));

/** As it is in whatever folder. */
async function resolved(compose: Compose, bundle: Bundle): Promise<{ model?: any; refused?: string }> {
  const folder = await written(compose, bundle);
  const { model, refused } = await compose.resolved(folder, bundle.composeFiles ?? ["compose.yaml"]);
  return model ? { model: JSON.parse(JSON.stringify(model).replaceAll(folder, "/x")) } : { refused: refused ?? "" };
}

type Added = "added" | "left" | "service" | "volume" | "secret" | "variable" | "network" | "file";

/** Whether the real Compose finds the project's own services as they were, and the add-ons; or that a conflict is one. */
async function added(compose: Compose, bundle: Bundle, addons: readonly Chosen[], said: string): Promise<Added> {
  const before = await resolved(compose, bundle);
  if (!before.model) return "left";
  const { variables } = bundle;
  const texts = [bundle.compose ?? "", ...bundle.files.map(({ content }) => Buffer.from(content, "base64").toString())].join("");
  const sources = sourcesOf(bundle);
  const { file } = readComposed(sources, lookupIn(variables));
  const additions = addons.map(fragmentOf);
  let text: string;
  try {
    text = generate({ file, sources, variables, get: lookupIn(variables), project: "real" }, additions);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "compose.conflict") throw error;
    const what = String(error.facts?.what) as Added;
    const name = String(error.facts?.name);
    // Of what no service uses Compose says nothing.
    if (what === "variable") expect(Object.keys(variables), said).toContain(name);
    else if (what !== "file") expect(texts, said).toContain(name);
    return what;
  }
  const passwords = Object.fromEntries(addons.map(({ name }) => [passwordVariable(name), PASSWORD]));
  const made = withGenerated({ ...bundle, variables: { ...variables, ...passwords } }, text);
  const after = await resolved(compose, made);
  expect(after.refused, `${said}\n${text}`).toBeUndefined();
  expect(own(after.model, addons), `${said}\n${text}`).toEqual(own(before.model, addons));
  for (const addon of addons) holds(after.model, before.model, addon, said);
  return "added";
}

/** What a project has besides add-ons and what they give its services. */
function own(model: any, addons: readonly Chosen[]): any {
  const names = new Set(addons.map(({ name }) => name));
  const given = new Set(addons.flatMap((addon) => [...Object.keys(contractOf(addon)), passwordVariable(addon.name)]));
  const rest = ([name]: [string, any]) => !names.has(name);
  const services = Object.entries<any>(model.services)
    .filter(rest)
    .map(([name, { environment, depends_on, ...service }]) => [
      name,
      {
        ...service,
        environment: Object.fromEntries(Object.entries(environment ?? {}).filter(([variable]) => !given.has(variable))),
        depends_on: Object.fromEntries(Object.entries(depends_on ?? {}).filter(rest)),
      },
    ]);
  const volumes = Object.entries(model.volumes ?? {}).filter(([name]) => !addons.some((addon) => name === volumeOf(addon)));
  const networks = Object.entries(model.networks ?? {}).filter(([name]) => name !== "default");
  const secrets = Object.entries(model.secrets ?? {}).filter(rest);
  return { ...model, ...{ services, volumes, networks, secrets }, name: undefined };
}

/** The add-on is as its fragment says, on a network of each service that has its contract; what a service said itself it still says. */
function holds(after: any, before: any, addon: Chosen, said: string): void {
  const service = after.services[addon.name];
  const { service: fields } = fragmentOf(addon);
  expect(service, said).toMatchObject({ image: fields.image, restart: "unless-stopped" });
  expect(service.volumes, said).toEqual([expect.objectContaining({ type: "volume", source: volumeOf(addon) })]);
  expect(service.secrets, said).toEqual([expect.objectContaining({ source: addon.name })]);
  expect(after.secrets[addon.name], said).toMatchObject({ environment: passwordVariable(addon.name) });
  for (const [name, { environment, depends_on, networks }] of Object.entries<any>(after.services)) {
    if (depends_on?.[addon.name]?.condition !== "service_healthy" || !(name in before.services)) continue;
    const was = before.services[name].environment ?? {};
    for (const [variable, value] of Object.entries(contractOf(addon)))
      expect(environment[variable], `${variable} of ${name}: ${said}`).toBe(
        variable in was ? was[variable] : value.replace(/\$\{\w+\}/, PASSWORD),
      );
    expect(
      Object.keys(networks).some((network) => network in service.networks),
      said,
    ).toBe(true);
  }
}

describe.skipIf(reason)(`adding to a project adds and changes nothing${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let real: Compose;
  beforeAll(async () => {
    real = await Compose.open();
  });
  afterAll(() => real?.close());

  test(`to each of ${60 * times} projects of one file and ${30 * times} of several, add-ons are added, or what stands against it is named`, {
    timeout,
  }, async () => {
    const one = fc
      .sample(sample, { numRuns: 60 * times, seed })
      .map(({ compose, env }) => ({ "compose.yaml": compose, ".env": env, ...beside }));
    const several = fc.sample(severalFiles, { numRuns: 30 * times, seed }).map(({ files }) => files);
    const projects: Readonly<Record<string, string>>[] = [...one, ...several];
    const choices = fc.sample(chosen, { numRuns: projects.length, seed });
    const count: Partial<Record<Added, number>> = {};
    for (const [i, files] of projects.entries()) {
      const said =
        JSON.stringify(choices[i]) +
        Object.entries(files)
          .map(([path, text]) => `\n--- ${path}\n${text}`)
          .join("");
      const bundle = await read(await real.folder(files));
      const became = bundle ? await added(real, bundle, choices[i] ?? [], said) : "left";
      count[became] = (count[became] ?? 0) + 1;
    }
    expect(count.added, JSON.stringify(count)).toBeGreaterThan(20 * times);
    for (const what of ["service", "secret"] as const) expect(count[what], JSON.stringify(count)).toBeGreaterThan(0);
  });

  test.skipIf(!corpus)(
    "each add-on can be added to each file of others, or what stands against it is named",
    { timeout },
    async () => {
      const count: Record<string, number> = {};
      for (const file of (await readdir(corpus ?? "")).filter((name) => /\.ya?ml$/.test(name))) {
        const folder = await real.folder({ "compose.yaml": await readFile(join(corpus ?? "", file)) });
        await judge(real, folder); // what it finds missing is filled in
        const bundle = await read(folder);
        for (const kind of kindNames) {
          const addon = { kind, name: kind, version: kinds[kind].usual };
          const became = bundle ? await added(real, bundle, [addon], file) : "left";
          count[`${kind} ${became}`] = (count[`${kind} ${became}`] ?? 0) + 1;
        }
      }
      process.stdout.write(`${JSON.stringify(count, null, 2)}\n`);
      for (const kind of kindNames) expect(count[`${kind} added`]).toBeGreaterThan(50);
    },
  );
});
