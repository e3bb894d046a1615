// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is the syntax of Compose that is tested here
import { readEnvFile } from "@berth/domain/compose/env-file.ts";
import { interpolate } from "@berth/domain/compose/template.ts";
import { envFile, filesOf } from "@berth/domain/release/files.ts";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { Refused } from "../../packages/cli/src/refusal.ts";
import { beside, sample } from "./files.ts";
import { envText, template } from "./lines.ts";
import { absent, Compose } from "./real.ts";
import { severalFiles } from "./several.ts";

const reason = absent();
/** A run with another number reads other files. */
const seed = Number(process.env.BERTH_SEED ?? 7);
/** A longer run reads this many times as much. */
const times = Number(process.env.BERTH_TIMES ?? 1);
const timeout = times * 1_200_000;
const shell: Record<string, string> = { OUT: "out side", EMPTY: "", b: "B", ONE: "of the shell" };
/** What a process of Compose has besides; see real.ts. */
const machine: Record<string, string> = { PATH: "/usr/bin:/bin", HOME: "/nowhere" };
const outer = (name: string) => (Object.hasOwn(shell, name) ? shell[name] : machine[name]);

const attempt = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};
const ordered = (values: Readonly<Record<string, string>>) => Object.entries(values).sort();

describe.skipIf(reason)(
  `Compose and env files are read as the real Compose reads them${reason ? ` (skipped: ${reason})` : ""}`,
  () => {
    let real: Compose;
    beforeAll(async () => {
      real = await Compose.open();
    });
    afterAll(() => real?.close());

    test("no value of an env file differs, and none that Compose takes is refused", { timeout }, async () => {
      const texts = fc.sample(envText, { numRuns: 600 * times, seed });
      const ours = texts.map((text) => attempt(() => Object.fromEntries(readEnvFile(text, outer))));
      const taken = texts.flatMap((text, i) => (ours[i] ? [{ text, ours: ours[i] }] : []));
      const refused = texts.filter((_, i) => ours[i] === undefined);
      expect(taken.length).toBeGreaterThan(texts.length / 2);
      const theirs = await real.envFiles(
        taken.map(({ text }) => text),
        shell,
      );
      const compared = taken.flatMap(({ text, ours }, i) => (theirs[i] ? [{ text, ours, theirs: theirs[i] }] : []));
      // An older Compose looks into defaults that are not needed, and refuses a few for what it finds there.
      expect(compared.length).toBeGreaterThan(taken.length * 0.95);
      for (const { text, ours, theirs } of compared) expect(ordered(ours), JSON.stringify(text)).toEqual(ordered(theirs));
      for (const text of refused.slice(0, 25))
        expect(await real.envFiles([text], shell), JSON.stringify(text)).toEqual([undefined]);
    });

    test("no text with variables in it differs, and none that Compose takes is refused", { timeout }, async () => {
      const texts = fc.sample(template, { numRuns: 600 * times, seed });
      const theirs = async (some: readonly string[]): Promise<(string | undefined)[]> => {
        const services = some.map((text, i) => `  s${i}: {image: a, environment: {T: ${JSON.stringify(text)}}}\n`);
        const { model } = await real.config(await real.folder({ "compose.yaml": `services:\n${services.join("")}` }), shell);
        if (model) return some.map((_, i) => model.services[`s${i}`].environment.T.replaceAll("$$", "$"));
        const half = some.length >> 1;
        return half === 0 ? [undefined] : [...(await theirs(some.slice(0, half))), ...(await theirs(some.slice(half)))];
      };
      const ours = texts.map((text) => attempt(() => interpolate(text, outer)));
      const taken = texts.flatMap((text, i) => (ours[i] === undefined ? [] : [{ text, ours: ours[i] }]));
      const read = await theirs(taken.map(({ text }) => text));
      const compared = taken.flatMap(({ text, ours }, i) => (read[i] === undefined ? [] : [{ text, ours, theirs: read[i] }]));
      expect(compared.length).toBeGreaterThan(texts.length * 0.8);
      for (const { text, ours, theirs } of compared) expect(ours, JSON.stringify(text)).toBe(theirs);
      for (const text of texts.filter((_, i) => ours[i] === undefined).slice(0, 20))
        expect(await theirs([text]), JSON.stringify(text)).toEqual([undefined]);
    });

    test("what is written for a server is read back to the very same names and values", { timeout }, async () => {
      const name = fc.constantFrom(
        "A",
        "app.url",
        "a-b",
        "a[0]",
        "1a",
        "é",
        "export",
        "export\tB",
        "exported",
        "_",
        "x\ty",
        "漢",
      );
      const value = fc.array(
        fc.constantFrom(
          "'",
          '"',
          "\\",
          "$",
          "$$",
          "${A}",
          "#",
          " #",
          " ",
          "\n",
          "\r",
          "\t",
          "\\n",
          "\\0101",
          "`",
          "=",
          "é漢🚢",
          "a",
          "\u0001",
          "\u2028",
        ),
        { maxLength: 8 },
      );
      const variables = fc.dictionary(
        name,
        value.map((parts) => parts.join("")),
        { maxKeys: 6 },
      );
      const samples = fc.sample(variables, { numRuns: 400 * times, seed }).map((each) => ({ ...each }));
      const read = await real.envFiles(samples.map(envFile), shell);
      samples.forEach((each, i) => {
        expect(ordered(read[i] ?? {}), envFile(each)).toEqual(ordered(each));
      });
    });

    test(`${300 * times} Compose files mean the same here and on a server, and none that Compose takes is refused`, {
      timeout,
    }, async () => {
      const count = { same: 0, refused: 0, left: 0 };
      for (const { compose, env } of fc.sample(sample, { numRuns: 300 * times, seed })) {
        const said = `${compose}\n--- .env\n${env}`;
        const folder = await real.folder({ "compose.yaml": compose, ".env": env, ...beside });
        const here = await real.config(folder, shell);
        const made = await findProject(folder, [], shell)
          .then((project) => makeBundle(project, { ...shell, ...machine, PWD: folder }))
          .catch((error: unknown) => {
            if (error instanceof Refused) return error.problem;
            throw error;
          });
        if ("code" in made) {
          // Nothing that Compose takes is called a mistake; what we cannot deploy is what it says.
          if (here.model) expect(`${made.code} ${made.detail}`, said).toMatch(/^compose.unsupported .*has a profile/);
          count.refused++;
          continue;
        }
        if (!here.model) {
          count.left++; // the server's Compose will say so
          continue;
        }
        const { bundle, read, notes } = made;
        const files = bundle.files.map(({ path, content }) => [path, Buffer.from(content, "base64")]);
        const there = await real.folder({
          "compose.yaml": bundle.compose,
          ".env": envFile(bundle.variables),
          ...Object.fromEntries(files),
        });
        const server = await real.config(there);
        expect(server.refused, said).toBeUndefined();
        expect(JSON.stringify(server.model).replaceAll(there, "/x"), said).toBe(
          JSON.stringify(here.model).replaceAll(folder, "/x"),
        );
        const services = Object.entries<{ image?: string; ports?: { published?: string }[] }>(here.model.services);
        const images = services.map(([name, { image }]) => `${name} ${image ?? name}`);
        expect(read.services.map(({ name, image }) => `${name} ${image}`).sort(), said).toEqual(images.sort());
        const published = services.filter(([, { ports }]) => ports?.some((port) => port.published)).map(([name]) => name);
        expect(read.published.map(({ service }) => service).sort(), said).toEqual(published.sort());
        const warned = [...here.warned.matchAll(/The \\"([^"\\]+)\\" variable is not set/g)].map(([, name]) => name);
        const noted = notes.flatMap((note) => /^Set nowhere, so empty[^:]*: ([^(]*)/.exec(note)?.[1]?.trim().split(", ") ?? []);
        expect(warned, said).toEqual(expect.arrayContaining(noted));
        count.same++;
      }
      expect(count.same, JSON.stringify(count)).toBeGreaterThan(100 * times);
    });

    test(`${30 * times} projects of several files mean the same here and on a server, and none that Compose takes is refused`, {
      timeout,
    }, async () => {
      const count = { same: 0, refused: 0, left: 0 };
      for (const { files } of fc.sample(severalFiles, { numRuns: 30 * times, seed })) {
        const said = Object.entries(files)
          .map(([path, text]) => `--- ${path}\n${text}`)
          .join("\n");
        const folder = await real.folder(files);
        const here = await real.config(folder, shell);
        const env = { ...shell, ...machine, PWD: folder };
        const made = await findProject(folder, [], env)
          .then((project) => makeBundle(project, env))
          .catch((error: unknown) => {
            if (error instanceof Refused) return error.problem;
            throw error;
          });
        if ("code" in made) {
          if (here.model) expect(`${made.code} ${made.detail}`, said).toMatch(/^compose.unsupported .*has a profile/);
          count.refused++;
          continue;
        }
        if (!here.model) {
          count.left++;
          continue;
        }
        const { bundle, read } = made;
        const there = await real.folder(
          Object.fromEntries(filesOf({ services: [] }, bundle).map(({ path, content }) => [path, Buffer.from(content)])),
        );
        const server = await real.resolved(there, bundle.composeFiles ?? ["compose.yaml"]);
        expect(server.refused, said).toBeUndefined();
        expect(JSON.stringify(server.model).replaceAll(there, "/x"), said).toBe(
          JSON.stringify(here.model).replaceAll(folder, "/x"),
        );
        const services = Object.entries<{ image?: string }>(here.model.services);
        const images = services.map(([name, { image }]) => `${name} ${image}`);
        expect(read.services.map(({ name, image }) => `${name} ${image}`).sort(), said).toEqual(images.sort());
        count.same++;
      }
      expect(count.same, JSON.stringify(count)).toBeGreaterThan(15 * times);
    });
  },
);
