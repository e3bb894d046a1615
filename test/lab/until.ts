import { setTimeout as sleep } from "node:timers/promises";

/** Poll until it is so; throws after two minutes with what was waited for. A failing probe only says not yet. */
export async function until(probe: () => Promise<boolean>, what: string, seconds = 120): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    if (await probe().catch(() => false)) return;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(50);
  }
}
