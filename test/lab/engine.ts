/**
 * The Docker versions that servers have. Each is a root for the lab's servers: this machine's own, or one made from
 * another suite of Debian, which is kept for the next lab and made anew when its recipe changes.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type GivenCompose, givenCompose } from "./compose.ts";
import { installDeps } from "./deps.ts";

interface Kind {
  /** The suite of Debian whose Docker it is; without one it is this machine's. */
  readonly suite?: string;
  /** What its daemon is told besides where the registry is. */
  readonly daemon?: Readonly<Record<string, unknown>>;
}

const containerdStore = { features: { "containerd-snapshotter": true } };

const kinds = {
  machine: {},
  debian13: { suite: "trixie" },
  newest: { suite: "forky" },
  "newest-containerd": { suite: "forky", daemon: containerdStore },
} satisfies Record<string, Kind>;

export type EngineName = keyof typeof kinds;

export const engineNames = Object.keys(kinds) as readonly EngineName[];

export interface Engine {
  /** The folder that every server's root is laid over. */
  readonly root: string;
  readonly daemon: Readonly<Record<string, unknown>>;
  /** What its servers have instead of the root's own Compose. */
  readonly compose: GivenCompose | undefined;
}

const cache = "/var/cache/berth-lab";
const script = fileURLToPath(new URL("./root.sh", import.meta.url));

/** The engine that was asked for, by its name or by `BERTH_LAB_ENGINE`. @throws when there is none of that name */
export function engineName(asked: string = process.env.BERTH_LAB_ENGINE || "machine"): EngineName {
  const name = engineNames.find((each) => each === asked);
  if (!name) throw new Error(`there is no engine ${asked}: it is one of ${engineNames.join(", ")}`);
  return name;
}

/** Its root, made first where it is not there yet: half a minute on an idle machine. `file` is a Compose to have instead of its own. */
export async function readyEngine(name: EngineName, file?: string): Promise<Engine> {
  const compose = await givenCompose(file);
  const { suite, daemon = {} }: Kind = kinds[name];
  if (suite === undefined) return { root: "/", daemon, compose };
  installDeps(["mmdebstrap"]);
  const recipe = createHash("sha256").update(readFileSync(script)).digest("hex").slice(0, 12);
  const root = `${cache}/${suite}-${recipe}`;
  await promisify(execFile)("bash", [script, root, suite], { maxBuffer: 16 << 20 });
  return { root, daemon, compose };
}
