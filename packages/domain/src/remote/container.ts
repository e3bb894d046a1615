import * as z from "zod";
import { cleanText } from "./text.ts";

/** A port of a container that the server publishes. */
export const Port = z.object({
  address: z.string(),
  published: z.number().int(),
  port: z.number().int(),
  protocol: z.string(),
});

/** A container as Docker described it. Times are the server's own. */
export const Container = z.object({
  service: z.string(),
  name: z.string(),
  /** `running`, `exited`, `restarting`, `created`, `paused` or `dead`, as Docker says it. */
  state: z.string(),
  /** Null where the service has no health check, and where nothing runs that could be healthy. */
  health: z.string().nullable(),
  /** Of one that does not run. */
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

/** All of a Compose project's containers at one moment. */
export const Containers = z.object({
  items: z.array(Container),
  /** Services of the release that is laid out on the server. */
  expected: z.array(z.string()),
  /** How many there are beside those listed. */
  more: z.number().int(),
  bootedAt: z.iso.datetime().nullable(),
});
export type Containers = z.infer<typeof Containers>;

/** A server lists no more, whatever it has. */
export const CONTAINERS_MOST = 60;
const PORTS_MOST = 40;

const text = (most: number) => z.string().transform((value) => cleanText(value).slice(0, most));
const whole = z.number().int().min(-1_000_000).max(1_000_000_000);

/** What the runner writes of one: JSON by Docker's own template. */
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

/** Docker writes the year 1 for what has not happened. */
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

/** One container's line, `JSON TAB ports`; undefined for what is no such line. */
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
    // Docker keeps what the last check said, also of one that has ended since.
    health: (!over && health) || null,
    exitCode: over ? exit : null,
    restarts,
    ports: ports.split(" ").flatMap(port).slice(0, PORTS_MOST),
    startedAt: time(started),
    finishedAt: over ? time(finished) : null,
    restartPolicy: policy || "no",
  };
}
