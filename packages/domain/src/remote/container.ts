import * as z from "zod";
import { cleanText } from "./text.ts";

export const Port = z.object({
  address: z.string(),
  published: z.number().int(),
  port: z.number().int(),
  protocol: z.string(),
});

/** A container as Docker describes it. Times are by the server's clock. */
export const Container = z.object({
  service: z.string(),
  name: z.string(),
  state: z.string(),
  /** Null without a health check, and for a container that has ended. */
  health: z.string().nullable(),
  exitCode: z.number().int().nullable(),
  restarts: z.number().int(),
  image: z.string(),
  imageId: z.string(),
  ports: z.array(Port),
  startedAt: z.iso.datetime().nullable(),
  finishedAt: z.iso.datetime().nullable(),
  restartPolicy: z.string(),
});
export type Container = z.infer<typeof Container>;

export const Containers = z.object({
  items: z.array(Container),
  expected: z.array(z.string()),
  more: z.number().int(),
  bootedAt: z.iso.datetime().nullable(),
});
export type Containers = z.infer<typeof Containers>;

export const CONTAINERS_MOST = 60;
const PORTS_MOST = 40;

const text = (most: number) => z.string().transform((value) => cleanText(value).slice(0, most));
const whole = z.number().int().min(-1_000_000).max(1_000_000_000);

const Described = z.object({
  name: text(200),
  service: text(100),
  image: text(300),
  imageId: text(100),
  state: text(20),
  health: text(20).nullable(),
  exit: whole,
  restarts: whole,
  started: z.string(),
  finished: z.string(),
  policy: text(20),
});

/** Docker writes the year 1 for "never". */
function time(value: string): string | null {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1971 || at.getUTCFullYear() > 9999 ? null : at.toISOString();
}

function port(value: string): z.infer<typeof Port>[] {
  const [, address = "", published, inner, protocol = ""] =
    /^([0-9a-fA-F.:]*)\|(\d{1,5})\|(\d{1,5})\/([a-z]{1,8})$/.exec(value) ?? [];
  return published && inner ? [{ address, published: Number(published), port: Number(inner), protocol }] : [];
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // cut in the middle, or not Docker's words
  }
}

export function readContainer(line: string): Container | undefined {
  const [json = "", ports = ""] = line.split("\t");
  const found = Described.safeParse(parse(json));
  if (!found.success) return undefined;
  const { exit, restarts, started, finished, policy, name, health, state, ...rest } = found.data;
  const over = state === "exited" || state === "dead" || state === "restarting";
  return {
    ...rest,
    name: name.replace(/^\//, ""),
    state,
    // Docker keeps the last health status of a container that has ended.
    health: (!over && health) || null,
    exitCode: over ? exit : null,
    restarts,
    ports: ports.split(" ").flatMap(port).slice(0, PORTS_MOST),
    startedAt: time(started),
    finishedAt: over ? time(finished) : null,
    restartPolicy: policy || "no",
  };
}
