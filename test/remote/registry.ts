/** Which image a release runs, told by what Docker was asked to start; the same on real Docker in test/lab/pins.test.ts. */
import type { RunEvent, RunInput } from "@berth/domain/remote/remote.ts";
import { afterEach, beforeEach } from "vitest";
import { deployOf, type Host, makeHost, runOn } from "./host.ts";

export let host: Host;

export const id = (digit: string) => `sha256:${digit.repeat(64)}`;
let fence = 0;

/** A deploy under a job and a fence of its own, unless they are given. */
export async function deploy(release: number, values: Record<string, string> = {}, input: Partial<RunInput> = {}) {
  fence += 1;
  const asked = deployOf(`job_${fence}`, { fence, ...input, values: { release: String(release), ...values } });
  const { exit, events } = await runOn(host, asked);
  if (!exit) throw new Error("the run said nothing");
  return { exit, events };
}
export const running = () => host.read("../fake/ran").trim().split("\n");
export const asked = (words: string) => host.calls().filter((call) => call.includes(words));
export const images = (events: readonly RunEvent[]) =>
  events.filter(({ type }) => type === "image").map(({ service, text }) => `${service}: ${text}`);

/** A host of its own for each test. */
export function useRegistry(): void {
  beforeEach(() => {
    host = makeHost();
  });
  afterEach(() => host.remove());
}
