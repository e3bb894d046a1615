// biome-ignore-all lint/suspicious/noExplicitAny: tests look into whatever Compose answers
/** The real Docker Compose, as the judge of how Berth reads Compose and env files. Reading needs no Docker daemon. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { givenCompose } from "../lab/compose.ts";
import { installDeps, unavailable } from "../lab/deps.ts";

const plugins = ["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins"];
const find = () => plugins.map((folder) => `${folder}/docker-compose`).find(existsSync);

/** Why the real Compose cannot be had here, or undefined. */
export const absent = () => (process.env.BERTH_LAB_COMPOSE || find() !== undefined ? undefined : unavailable());

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Compose {
  readonly #program: string;
  readonly #root: string;
  #folders = 0;

  private constructor(program: string, root: string) {
    this.#program = program;
    this.#root = root;
  }

  static async open(): Promise<Compose> {
    const given = await givenCompose();
    if (!given && find() === undefined) installDeps();
    const program = given?.file ?? find();
    if (program === undefined) throw new Error("Docker Compose is not there after it was installed");
    return new Compose(program, await mkdtemp(join(tmpdir(), "berth-compose-")));
  }

  close = () => rm(this.#root, { recursive: true, force: true });

  /** A new folder with these files. */
  async folder(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
    const folder = join(this.#root, `f${this.#folders++}`);
    await mkdir(folder);
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    return folder;
  }

  run(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return new Promise((done, failed) => {
      const options = {
        cwd: folder,
        env: { PATH: "/usr/bin:/bin", HOME: "/nowhere", PWD: folder, ...env },
        maxBuffer: 1 << 28,
        timeout: 60_000,
      };
      execFile(this.#program, args, options, (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") failed(error);
        else done({ code: Number(error?.code ?? 0), stdout, stderr });
      });
    });
  }

  /** What Compose makes of a folder's file, or why it refuses it. */
  async config(
    folder: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<{ model?: any; refused?: string; warned: string }> {
    const { code, stdout, stderr } = await this.run(folder, ["--project-name", "real", "config", "--format", "json"], env);
    return code === 0 ? { model: JSON.parse(stdout), warned: stderr } : { refused: stderr, warned: stderr };
  }

  /** What a server's Compose makes of a release's files, as the runner has it read several: resolved once, and the result read again. */
  async resolved(folder: string, files: readonly string[] = ["compose.yaml"]): Promise<{ model?: any; refused?: string }> {
    const named = ["--project-name", "real", "--project-directory", folder, "--env-file", join(folder, ".env")];
    const read = [...named, ...files.flatMap((file) => ["-f", join(folder, file)])];
    const all = await this.run(folder, [...read, "--profile", "*", "config", "--format", "json"]);
    const once = all.code === 0 ? all : await this.run(folder, [...read, "config", "--format", "json"]);
    if (once.code !== 0) return { refused: once.stderr };
    const kept = await this.folder({ "resolved.yaml": once.stdout });
    const again = await this.run(kept, [...named, "-f", join(kept, "resolved.yaml"), "config", "--format", "json"]);
    return again.code === 0 ? { model: JSON.parse(again.stdout) } : { refused: again.stderr };
  }

  /**
   * What Compose reads from each of many env files, in as few processes as it takes: undefined for one that it refuses. `outer` is what the
   * files' references find outside of them.
   */
  async envFiles(
    texts: readonly (string | Buffer)[],
    outer: Readonly<Record<string, string>> = {},
  ): Promise<(Record<string, string> | undefined)[]> {
    const services = texts.map((_, i) => `  s${i}: {image: a, env_file: [e${i}.env]}\n`).join("");
    const files = Object.fromEntries(texts.map((text, i) => [`e${i}.env`, text]));
    const folder = await this.folder({ "compose.yaml": `services:\n${services}`, ...files });
    const { model } = await this.config(folder, outer);
    await rm(folder, { recursive: true });
    if (model)
      return texts.map((_, i) =>
        Object.fromEntries(
          Object.entries<string | null>(model.services[`s${i}`].environment ?? {}).map(([name, value]) => [
            name,
            (value ?? "").replaceAll("$$", "$"), // config's output can be read again
          ]),
        ),
      );
    if (texts.length === 1) return [undefined];
    const half = texts.length >> 1;
    return [...(await this.envFiles(texts.slice(0, half), outer)), ...(await this.envFiles(texts.slice(half), outer))];
  }
}
