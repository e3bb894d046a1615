// biome-ignore-all lint/suspicious/noExplicitAny: it looks into whatever Compose answers
/** What becomes of a project that somebody wrote: what Compose says of it, what Berth says of it, and both again after `berth app init --fix`. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { filesOf } from "@berth/domain/release/files.ts";
import { type Bundled, makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { type Fix, fixOf, writeFix } from "../../packages/cli/src/compose/fix.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { Refused } from "../../packages/cli/src/refusal.ts";
import type { Compose } from "./real.ts";

export type Answer =
  /** Compose takes it, and what a server's Compose makes of what Berth sends is the same. */
  | { readonly is: "equal" }
  /** Compose refuses it, and Berth or the server's Compose says why. */
  | { readonly is: "refused"; readonly reason: string; readonly here: boolean }
  /** Berth cannot do what it says yet. */
  | { readonly is: "unsupported"; readonly reason: string }
  /** Never to be seen: a false refusal, or another meaning. */
  | { readonly is: "wrong"; readonly reason: string };

export interface Judged {
  readonly asItIs: Answer;
  readonly fix?: { readonly said: readonly string[]; readonly after: Answer };
}

const env = { PATH: "/usr/bin:/bin", HOME: "/nowhere" };

/** Judges the project in a folder, which a fix then changes. */
export async function judge(compose: Compose, folder: string): Promise<Judged> {
  const asItIs = await answer(compose, folder);
  if (asItIs.is !== "refused") return { asItIs };
  const said: string[] = [];
  // Twice: a variable that is filled in may name a volume.
  for (const _ of ["as it is", "filled in"]) said.push(...((await fixIn(folder))?.said ?? []));
  return said.length === 0 ? { asItIs } : { asItIs, fix: { said, after: await answer(compose, folder) } };
}

async function answer(compose: Compose, folder: string): Promise<Answer> {
  const { model, refused } = await compose.config(folder);
  const own = { ...env, PWD: folder };
  let made: Bundled | Refused["problem"];
  try {
    made = await makeBundle(await findProject(folder, [], own), own);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    made = error.problem;
  }
  if ("code" in made) {
    const reason = `${made.detail ?? made.title}`;
    if (!model) return { is: "refused", reason: reasonOf(refused ?? ""), here: true };
    return { is: made.code === "compose.unsupported" ? "unsupported" : "wrong", reason };
  }
  if (!model) return { is: "refused", reason: reasonOf(refused ?? ""), here: false };
  const { bundle, read } = made;
  const files = filesOf({ services: [] }, bundle).map(({ path, content }) => [path, Buffer.from(content)] as const);
  const there = await compose.folder(Object.fromEntries(files));
  const server = await compose.resolved(there, bundle.composeFiles ?? ["compose.yaml"]);
  const difference = differs(model, server, folder, there) ?? misread(model, read);
  return difference === undefined ? { is: "equal" } : { is: "wrong", reason: difference };
}

const differs = (model: any, server: { model?: any; refused?: string }, here: string, there: string): string | undefined => {
  if (server.refused !== undefined) return `the server's Compose: ${reasonOf(server.refused)}`;
  const [ours, theirs] = [JSON.stringify(server.model).replaceAll(there, "/x"), JSON.stringify(model).replaceAll(here, "/x")];
  if (ours === theirs) return undefined;
  const at = [...ours].findIndex((letter, i) => letter !== theirs[i]);
  return `here ${theirs.slice(Math.max(0, at - 60), at + 60)}, there ${ours.slice(Math.max(0, at - 60), at + 60)}`;
};

/** Services, images, published ports and profiles, as Berth read them beforehand. */
function misread(model: any, { services, published, file }: Bundled["read"]): string | undefined {
  const real = Object.entries<any>(model.services);
  const same = (what: string, ours: readonly string[], theirs: readonly string[]) =>
    JSON.stringify(ours.toSorted()) === JSON.stringify(theirs.toSorted()) ? undefined : `${what}: ${theirs} is read as ${ours}`;
  const imaged = real.filter(([, { image }]) => image !== undefined);
  return (
    same(
      "images",
      services
        .filter(({ name, built }) => !built || imaged.some(([real]) => real === name))
        .map(({ name, image }) => `${name} ${image}`),
      imaged.map(([name, { image }]) => `${name} ${image}`),
    ) ??
    same(
      "ports",
      published.map(({ service }) => service),
      real.filter(([, { ports }]) => ports?.some((port: any) => port.published)).map(([name]) => name),
    ) ??
    same(
      "profiles",
      real.flatMap(([name]) => (file.services.get(name)?.profiles ?? []).map((profile) => `${name} ${profile}`)),
      real.flatMap(([name, { profiles = [] }]) => profiles.map((profile: string) => `${name} ${profile}`)),
    )
  );
}

/** Does what the command does, and fills in what it leaves to be filled in. */
async function fixIn(folder: string): Promise<Fix | undefined> {
  try {
    const project = await findProject(folder, [], env);
    const fix = await fixOf(project, env);
    await writeFix(project, fix);
    if (fix.changes.some(({ path }) => path === ".env")) {
      const file = join(folder, ".env");
      await writeFile(
        file,
        (await readFile(file, "utf8")).replaceAll(/^(\w+)=$/gmu, (_, name: string) => `${name}=${valueFor(name)}`),
      );
    }
    return fix;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

const valueFor = (name: string) => (/PORT/u.test(name) ? "8080" : /REPLICAS|COUNT|SIZE|LIMIT/u.test(name) ? "1" : "x1");

/** Compose's last words; which of several faults it names changes from run to run, and so do the words of its versions. */
const reasonOf = (said: string): string =>
  said
    .trim()
    .split("\n")
    .filter((line) => !/level=warning/u.test(line))
    .join(" ")
    .replaceAll(/\/\S*\/(?=compose\.ya?ml)/gu, "")
    .slice(0, 200);
