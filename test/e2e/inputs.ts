import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { pageImage } from "../lab/images.ts";
import type { Server } from "../lab/server.ts";
import { until } from "../lab/until.ts";
import { jsonLines, resultOf, type Stage, startStage } from "./stage.ts";

export let stage: Stage;
export let server: Server;

/** One stage with one server for all tests of a file: making it is what takes long. */
export function useStage(): void {
  beforeAll(async () => {
    stage = await startStage({ servers: 1, plan: "studio" });
    server = stage.lab.servers[0]!; // one was asked for
    await stage.lab.registry.push("library/page:1", pageImage("page 1"));
    await stage.addTarget("web1", server);
  });
  afterEach(() => server.exec("docker ps -aq | xargs -r docker rm -f"));
  afterAll(() => stage?.close());
}

/** A Compose file of a busybox that runs `command`. */
export const box = (command: string, more = "") => `services:
  web:
    image: busybox:1.36
    command: ["sh", "-c", ${JSON.stringify(`${command}; exec sleep 100000`)}]
${more}`;

export const folderOf = (name: string) => join(stage.folder, "apps", name);
export const write = (name: string, files: Record<string, string>) => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folderOf(name), path)), { recursive: true });
    writeFileSync(join(folderOf(name), path), content);
  }
};
/** Deploys an app's folder. `notes` is what is said before, `events` what the job says. */
export const deploy = async (name: string, ...more: string[]) => {
  const ran = await stage.berth.run(["deploy", "--app", name, "--yes", "--target", "web1", "--json", ...more], {
    cwd: folderOf(name),
  });
  const said = jsonLines(ran.stdout);
  const texts: string[] = said.flatMap(({ text }) => (text === undefined ? [] : [text]));
  const notes: string[] = said.find(({ type }) => type === "accepted")?.notes ?? [];
  return { ...ran, notes, texts, result: resultOf(ran) };
};
export const deployed = async (name: string, ...more: string[]) => {
  const ran = await deploy(name, ...more);
  if (ran.code !== 0) throw new Error(`${name} exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
  return ran;
};
export const logs = async (name: string, ...more: string[]): Promise<{ service: string; text: string }[]> =>
  (await stage.berth.json(["logs", name, ...more])).items;
/** Waits for the last line of an app's logs to be said, and answers all of them. */
export const says = async (name: string, last: string) => {
  let lines: string[] = [];
  await until(
    async () => {
      lines = (await logs(name)).map(({ text }) => text);
      return lines.includes(last);
    },
    `${name} to say "${last}"`,
    120,
  );
  return lines;
};
export const place = (name: string) => `/var/lib/berth/apps/${name}-production`;
