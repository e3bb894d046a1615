import type { World } from "@berth/domain/context.ts";
import { ZodError } from "zod";
import type { Bucket } from "./bucket.ts";
import type { Process, Processes } from "./process.ts";
import type { Queue } from "./queue.ts";
import type { Stage } from "./stage.ts";
import { type Table, tableName } from "./table.ts";

/** The world as one process has it: every way out of it is a call that may be late, lost, or the process's last. */
export function worldOf(
  stage: Stage,
  processes: Processes,
  table: Table,
  bucket: Bucket,
  queue: () => Queue,
  process: Process,
): World {
  const { chance, clock } = stage;
  return {
    stage: "simulation",
    origin: "https://berth.test",
    support: "support@berth.test",
    account: "999988887777",
    privateTargets: true,
    table: { name: tableName, client: table.clientOf(process) },
    now: () => new Date(clock.now() + process.skew),
    random: (bytes) => chance.bytes(bytes),
    sleep: (milliseconds, signal) => processes.sleep(process, milliseconds, signal),
    send: (name, message, options) => (name === "jobs" ? queue().send(process, message, options) : Promise.resolve()),
    // What is sealed shows whose it is, so that a value opened for another tenant is seen.
    seal: (plain, about) =>
      processes.call(process, chance.between(2, 10), () => ({
        key: nameOf(about),
        iv: "",
        tag: "",
        data: about.addon === undefined ? `private-key-of-${about.tenant}` : Buffer.from(plain).toString("base64"),
      })),
    open: (sealed, about) =>
      processes.call(process, chance.between(2, 10), () => {
        if (sealed.key !== nameOf(about)) throw new Error("simulated: the value is about something else");
        return about.addon === undefined ? sealed.data : Buffer.from(sealed.data, "base64").toString();
      }),
    sealBytes: (plain, about) =>
      processes.call(process, chance.between(2, 10), () => Buffer.concat([Buffer.from(`${nameOf(about)}\n`), plain.map(turned)])),
    openBytes: (sealed, about) =>
      processes.call(process, chance.between(2, 10), () => {
        const name = Buffer.from(`${nameOf(about)}\n`);
        if (!name.equals(sealed.subarray(0, name.length))) throw new Error("simulated: the bytes are about something else");
        return sealed.subarray(name.length).map(turned);
      }),
    stripe: () => Promise.reject(new Error("the simulation has no Stripe")),
    github: { url: "", keys: () => Promise.reject(new Error("the simulation has no GitHub")) },
    archives: bucket.archivesOf(process),
    log: (level, message, facts) => {
      if (message === "message failed") process.failed = true;
      if (facts?.error instanceof ZodError)
        stage.violate("2 what is read is understood", `${process.name} logs "${message}": ${facts.error.message}`);
      if (level === "error") stage.tell(process.name, `logs "${message}": ${reason(facts?.error)}`);
    },
  };
}

/** So that what is sealed is not to be read as it lies there. */
const turned = (byte: number) => byte ^ 0xa5;
export const unsealed = (sealed: Uint8Array): Uint8Array => sealed.subarray(sealed.indexOf(10) + 1).map(turned);

export const nameOf = (about: Readonly<Record<string, string>>) =>
  Object.entries(about)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join("&");

const reason = (error: unknown) => (error instanceof Error ? `${error.name} ${error.message}` : String(error));
