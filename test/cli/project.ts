import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { makeBundle } from "../../packages/cli/src/compose/bundle.ts";
import { findProject } from "../../packages/cli/src/compose/project.ts";
import { Refused } from "../../packages/cli/src/refusal.ts";
import { makeFolder } from "./folder.ts";

/** A project's folder, which goes with its test. */
export async function newFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "berth-project-"));
  onTestFinished(() => rm(root, { recursive: true }));
  return makeFolder(root, "folder", files);
}
export const problem = async (work: () => unknown) => {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refused) return error.problem;
    throw error;
  }
  throw new Error("it was not refused");
};
export const bundle = async (files: Record<string, string>, env = {}) =>
  makeBundle(await findProject(await newFolder(files), [], env), env);

export const WEB = "services:\n  web:\n    image: a\n";
