/** Which changes of a service Compose notices: its own configuration hashes are the judge. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { compared } from "@berth/domain/plan/compared.ts";
import { rulesOf } from "@berth/domain/plan/compose-rules.ts";
import { readResolved } from "@berth/domain/plan/resolved.ts";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { beside, sample } from "./files.ts";
import { absent, Compose } from "./real.ts";
import { pairs } from "./services.ts";

const reason = absent();
const seed = Number(process.env.BERTH_SEED ?? 7);
const times = Number(process.env.BERTH_TIMES ?? 1);

describe.skipIf(reason)(`changes of a service${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let real: Compose;
  let rules: ReturnType<typeof rulesOf>;
  beforeAll(async () => {
    real = await Compose.open();
    const { stdout } = await real.run("/", ["version", "--short"]);
    rules = rulesOf(stdout.trim());
  });
  afterAll(() => real?.close());

  /** The services of a file, and Compose's hashes of them as if it lay in one folder, as the runner has it. */
  async function read(compose: string, env: string, place: string) {
    const folder = await real.folder({ "compose.yaml": compose, ".env": env, ...beside });
    const { model } = await real.config(folder);
    if (!model) return undefined;
    const args = ["--project-name", "real", "--project-directory", place, "--env-file", join(folder, ".env")];
    const { stdout, code } = await real.run(folder, [...args, "-f", join(folder, "compose.yaml"), "config", "--hash", "*"]);
    if (code !== 0) return undefined;
    const hashes = new Map(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" ") as [string, string]),
    );
    const { services } = readResolved({ folder, file: model, files: new Map(), pinned: new Map() });
    return { services, hashes };
  }

  async function compare(pairs: readonly (readonly [{ compose: string; env: string }, { compose: string; env: string }])[]) {
    const place = await real.folder(beside);
    await mkdir(join(place, "made"), { recursive: true });
    const count = { same: 0, other: 0 };
    for (const [old, now] of pairs) {
      const [before, after] = [await read(old.compose, old.env, place), await read(now.compose, now.env, place)];
      for (const [name, service] of after?.services ?? []) {
        const was = before?.services.get(name);
        if (!was) continue;
        const isSame = before?.hashes.get(name) === after?.hashes.get(name);
        const reasons = compared(was, service, rules);
        const said = `${name}: ${JSON.stringify(reasons)}\n${old.compose}\n--- instead\n${now.compose}\n${JSON.stringify(was)}\n${JSON.stringify(service)}`;
        expect(reasons.length === 0 && was.image === service.image, said).toBe(isSame);
        count[isSame ? "same" : "other"]++;
      }
    }
    return count;
  }

  test("Compose's hash of a service changes exactly when a plan says why", async () => {
    const both = fc.sample(pairs, { numRuns: 30 * times, seed });
    const count = await compare(
      both.map(
        ([old, now]) =>
          [
            { compose: old, env: "" },
            { compose: now, env: "" },
          ] as const,
      ),
    );
    expect(count.same, JSON.stringify(count)).toBeGreaterThan(10 * times);
    expect(count.other, JSON.stringify(count)).toBeGreaterThan(10 * times);
  });

  test("the same holds for two files that have nothing to do with each other", async () => {
    const both = fc.sample(fc.tuple(sample, sample), { numRuns: 10 * times, seed });
    const count = await compare(both);
    expect(count.other, JSON.stringify(count)).toBeGreaterThan(0);
  });
});
