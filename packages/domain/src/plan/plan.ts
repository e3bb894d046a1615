import * as z from "zod";
import { accesses } from "../entitlement/access.ts";

/** What a deployment will do, target by target; the same value is shown, named by its hash, and applied. Holds names, never values. */

export const reasons = [
  ...[
    "new",
    "image",
    "command",
    "environment",
    "files",
    "ports",
    "volumes",
    "networks",
    "labels",
    "health",
    "limits",
    "settings",
  ],
  ...["dependency", "namespace", "network changed", "not running", "missing", "replicas"],
] as const;

export const PlannedService = z.object({
  service: z.string(),
  /**
   * `keep`: runs on untouched. `start`: is there, and only has to be started. `restart`: the same container is stopped and started. `scale`:
   * containers are added or removed, the others run on.
   */
  change: z.enum(["create", "replace", "scale", "restart", "start", "keep", "remove"]),
  /** Why, with the names of what changed, like the variables. */
  reasons: z.array(z.object({ reason: z.enum(reasons), names: z.array(z.string()) })),
  /** `blinks`: its container is stopped before the new one starts. `none`: nothing runs before, or it is not touched. */
  interruption: z.enum(["none", "blinks"]),
  /** For how long it was away when it was last replaced; null if it was not, or is not interrupted. */
  awayMs: z.number().int().nullable(),
  /** Why it could not run twice for a moment, like `publishes port 80`; empty if nothing forbids it. */
  singleton: z.array(z.string()),
  replicas: z.number().int(),
  /** Runs to its end, like a migration. */
  oneShot: z.boolean(),
});
export type PlannedService = z.infer<typeof PlannedService>;

export const PlannedImage = z.object({
  image: z.string(),
  services: z.array(z.string()),
  /**
   * `build`: on the server, from what changed. `carry`: comes from the server that built it. `unknown`: the registry did not say; it is asked when
   * deploying.
   */
  action: z.enum(["here", "pull", "build", "carry", "unknown"]),
  digest: z.string().nullable(),
  /** To be downloaded; of an image that is there, its size. */
  bytes: z.number().int().nullable(),
});
export type PlannedImage = z.infer<typeof PlannedImage>;

export const PlannedVolume = z.object({
  volume: z.string(),
  /** `differs`: it was made with other settings, which Compose leaves as they are. `orphaned`: no service uses it any more; it is kept. */
  change: z.enum(["keep", "create", "differs", "orphaned", "external"]),
  services: z.array(z.string()),
});
export type PlannedVolume = z.infer<typeof PlannedVolume>;

export const PlannedPort = z.object({
  service: z.string(),
  address: z.string(),
  published: z.string(),
  port: z.number().int(),
  protocol: z.string(),
  change: z.enum(["keep", "open", "close"]),
});
export type PlannedPort = z.infer<typeof PlannedPort>;

export const Risk = z.object({
  /** Named by `--accept-data-risk`. */
  risk: z.enum([
    ...(["database.major", "database.path", "image.libc", "volume.anonymous", "volume.renamed", "volume.dropped"] as const),
  ]),
  service: z.string(),
  message: z.string(),
});
export type Risk = z.infer<typeof Risk>;

export const Danger = z.object({
  setting: z.enum(accesses),
  service: z.string(),
  what: z.string(),
});
export type Danger = z.infer<typeof Danger>;

/**
 * What the server does, one after the other, and nothing else: none if there is nothing to change. `build`, `carry` (from the server that built them) and
 * `pull` get images; `reuse`: what nothing has changed for is not built. `pin`: each service gets its image by id. `place`: the release's files are put into the app's folder. `remove`: of
 * services that the release does not have. `stop`: until `up`. `move`: of an add-on, whose data is taken over into a new volume by another version of its server. `up`: Docker Compose makes, replaces and starts the containers of the services, in the order of what they depend on.
 * `wait`: until they are healthy. `record`: the release is live. `prune`: of old releases.
 */
export const Operation = z.object({
  operation: z.enum([
    "build",
    "carry",
    "reuse",
    "pull",
    "pin",
    "place",
    "remove",
    "stop",
    "move",
    "up",
    "wait",
    "record",
    "prune",
  ]),
  /** Empty for those that are about the whole release. */
  services: z.array(z.string()),
});
export type Operation = z.infer<typeof Operation>;

export const TargetPlan = z.object({
  operations: z.array(Operation),
  services: z.array(PlannedService),
  images: z.array(PlannedImage),
  volumes: z.array(PlannedVolume),
  /** Networks of the live release that somebody removed and that are made again. */
  networks: z.array(z.string()),
  ports: z.array(PlannedPort),
  /** Names of secrets and configs, and of variables the services get. */
  secrets: z.array(z.string()),
  variables: z.array(z.string()),
  risks: z.array(Risk),
  dangers: z.array(Danger),
  disk: z.object({ neededMb: z.number().int(), freeMb: z.number().int() }),
  memory: z.object({ limitMb: z.number().int().nullable(), freeMb: z.number().int() }),
});
export type TargetPlan = z.infer<typeof TargetPlan>;

const words: ReadonlySet<string> = new Set([
  ...reasons,
  ...PlannedService.shape.change.options,
  ...PlannedService.shape.interruption.options,
  ...PlannedImage.shape.action.options,
  ...PlannedVolume.shape.change.options,
  ...PlannedPort.shape.change.options,
  ...Risk.shape.risk.options,
  ...Danger.shape.setting.options,
  ...Operation.shape.operation.options,
]);
/** A word of ours, which is kept though a value of the app may be the same. */
export const isPlanWord = (text: string): boolean => words.has(text);
