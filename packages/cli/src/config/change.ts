import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, readlink, realpath, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Refused, refuse } from "../refusal.ts";
import { type Contexts, configFile, type Env, nothing, parse, type Say } from "./contexts.ts";

const AGAIN_MS = 25;
/** Whoever changes the file takes milliseconds, so a lock that stays the same this long was left behind by one that was killed. */
const LEFT_BEHIND_MS = 5000;

/**
 * Reads the settings, changes them and writes them whole or not at all, for the owner's eyes only. Of changes at the same time each finds
 * what the one before it wrote. A file that is broken is put aside.
 * @throws Refused cli.config
 */
export async function changeContexts(env: Env, change: (before: Contexts) => Contexts, say: Say = () => {}): Promise<void> {
  const file = await configFile(env);
  try {
    const real = await behind(file);
    await mkdir(dirname(real), { recursive: true, mode: 0o700 });
    const unlock = await lock(`${real}.lock`);
    try {
      await write(real, change(await readForChange(real, say)));
    } finally {
      await unlock();
    }
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw refuse("cli.config", { detail: `${file}: ${error instanceof Error ? error.message : String(error)}`, cause: error });
  }
}

/** The file itself where settings are a link, as of those who keep theirs in a repository. */
async function behind(file: string): Promise<string> {
  const real = await realpath(file).catch(unless("ENOENT"));
  if (real !== undefined) return real;
  // A link may lead to what is not there yet.
  const to = await readlink(file).catch(unless("ENOENT", "EINVAL"));
  return to === undefined ? file : resolve(dirname(file), to);
}

async function readForChange(file: string, say: Say): Promise<Contexts> {
  const text = await readFile(file, "utf8").catch(unless("ENOENT"));
  if (text === undefined) return nothing;
  try {
    return parse(text, file);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const aside = `${file}.broken-${randomBytes(3).toString("hex")}`;
    await rename(file, aside);
    say(`${error.problem.detail} It is kept as ${aside}.`);
    return nothing;
  }
}

async function write(file: string, contexts: Contexts): Promise<void> {
  const next = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    const handle = await open(next, "wx", 0o600);
    try {
      await handle.chmod(0o600); // whatever the umask
      await handle.writeFile(`${JSON.stringify(contexts, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}

/** Takes the lock and answers how to give it back. */
async function lock(file: string): Promise<() => Promise<void>> {
  const mine = randomBytes(12).toString("hex");
  let seen: string | undefined;
  let since = 0;
  while (!(await take(file, mine))) {
    const holder = await read(file);
    // Not by the file's time, which is another machine's where the folder is shared.
    if (holder === undefined || holder !== seen) {
      seen = holder;
      since = performance.now();
    } else if (performance.now() - since > LEFT_BEHIND_MS) {
      await rm(file, { force: true });
      seen = undefined;
    }
    await sleep(AGAIN_MS * (0.5 + Math.random()));
  }
  return async () => {
    if ((await read(file)) === mine) await rm(file, { force: true });
  };
}

/** False where somebody else has it. */
async function take(file: string, mine: string): Promise<boolean> {
  const handle = await open(file, "wx", 0o600).catch(unless("EEXIST"));
  if (!handle) return false;
  try {
    await handle.writeFile(mine);
    return true;
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

const read = (file: string) => readFile(file, "utf8").catch(unless("ENOENT"));

/** What is expected is no error. */
const unless =
  (...codes: readonly string[]) =>
  (error: NodeJS.ErrnoException): undefined => {
    if (!codes.includes(error.code ?? "")) throw error;
  };
