import { existsSync } from "node:fs";
import { onTestFinished } from "vitest";
import { type Host, makeHost } from "./host.ts";

/** A host that goes with its test. */
export function host(): Host {
  const made = makeHost();
  onTestFinished(() => made.remove());
  return made;
}

export const busybox = "/bin/busybox";
export const shells = [["/bin/sh"], ["/bin/bash"], ["/bin/dash"], ...(existsSync(busybox) ? [[busybox, "ash"]] : [])];
