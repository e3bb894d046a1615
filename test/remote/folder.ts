/** What a release does with the app's folder on the server, which the app's containers may write to as well. */
import { readFileSync, writeFileSync } from "node:fs";
import type { RunFile, RunInput } from "@berth/domain/remote/remote.ts";
import { runner } from "@berth/domain/remote/runner.ts";
import { afterEach, beforeEach, expect } from "vitest";
import { compose, deployOf, type Host, makeHost, runOn } from "./host.ts";

export let host: Host;
export let app: string;

export let fence = 0;
export const nextFence = () => {
  fence += 1;
  return fence;
};
export const deploy = async (
  release: number,
  files: Record<string, string | RunFile>,
  values: Record<string, string> = {},
  script?: string,
) => {
  fence += 1;
  const all = Object.entries(files).map(([path, file]) => (typeof file === "string" ? { path, content: file } : file));
  const input: Partial<RunInput> = {
    fence,
    files: [{ path: "compose.yaml", content: compose }, ...all],
    values: { release: String(release), ...values },
  };
  const { exit, events } = await runOn(host, deployOf(`job_${fence}`, input), ["/bin/sh"], script);
  const notes = events.filter(({ type }) => type === "note").map(({ text }) => text);
  return { exit, events, notes };
};
export const failing = async <T>(what: () => Promise<T>): Promise<T> => {
  host.set("up.once", "Error response from daemon: no\n");
  return what();
};
export const removal = async (values: Record<string, string> = {}, script?: string) => {
  fence += 1;
  const input = deployOf(`job_${fence}`, { op: "remove", fence, files: [], values });
  const { exit, events } = await runOn(host, input, ["/bin/sh"], script);
  return { exit, notes: events.filter(({ type }) => type === "note").map(({ text }) => text) };
};
/** The runner with one of its commands changed, where a test stands for a user or a disk that this machine does not have. */
export const changedRunner = (command: string, by: string) => {
  expect(runner).toContain(command);
  return runner.replace(command, () => by);
};
export const there = (path: string) => readFileSync(`${app}/${path}`, "utf8");
export const write = (path: string, text: string) => writeFileSync(`${app}/${path}`, text);

/** A host of its own for each test. */
export function useFolder(): void {
  beforeEach(() => {
    host = makeHost();
    app = `${host.home}/apps/shop-production`;
  });
  afterEach(() => host.remove());
}
