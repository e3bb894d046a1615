/**
 * A Remote is one connection; a `run` is one execution of the constant command RUN with everything variable on standard input. The
 * server checks fences and locks, so a run may be repeated: it then attaches to the job's run or replays its end.
 */

import type { Containers } from "./container.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
}

export type PrivateKey = string;

export type Op = "deploy" | "remove" | "check" | "plan" | "prepare" | "login" | "inspect" | "logs" | "save" | "cancel";

export interface RunFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
}

/** Of a registry, by its host: `ghcr.io`, `registry.example:5000`, `docker.io`. */
export interface Login {
  readonly registry: string;
  readonly user: string;
  readonly password: string;
}

/** Gzipped tars, each named by the SHA-256 of its bytes. */
export interface Archives {
  /** What services are built from. */
  readonly list: readonly Named[];
  /** Large files that services mount. */
  readonly mounted?: readonly Named[];
  /** Undefined when it is no longer kept. */
  open(hash: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}

interface Named {
  readonly hash: string;
  readonly bytes: number;
}

/** Images in one file, as `docker save` writes them, gzipped; or why there is none. */
export type Carried = { readonly bytes: number; readonly content: AsyncIterable<Uint8Array> } | { readonly gone: string };

/** `from`: the number of events already received. VALUES of request.ts lists the names of `values`. */
export interface RunInput {
  readonly op: Op;
  readonly job: string;
  readonly fence: number;
  readonly from: number;
  readonly files: readonly RunFile[];
  readonly values: Readonly<Record<string, string>>;
  /** For the run's pulls, or the one that `login` asks about. Never in a file that outlives the run. */
  readonly logins?: readonly Login[] | undefined;
  /** The server asks for those that it does not have, before a new run begins. */
  readonly archives?: Archives | undefined;
  /** The server asks for images of these services where its plan has them carried from the one that built them. */
  readonly carried?: ((services: readonly string[], signal: AbortSignal) => Promise<Carried>) | undefined;
  /** Asked with the server's report before a new run begins; without one if it is too large. Never asked about a run that has begun. */
  readonly decide?: ((report: Uint8Array | undefined) => Promise<Decision>) | undefined;
}

/** `plan`: a line for people, then the operations, one a line: `up db web`. `planned`: the same for programs. `unchanged`: it ends without one. */
export type Decision =
  | { readonly go: "run" | "unchanged"; readonly plan: readonly string[]; readonly planned?: Planned | undefined }
  | { readonly no: ExitClass; readonly reasons: readonly string[] };

/** Whether the run asks, after this answer, for images from another server. */
export const carries = (decision: Decision): boolean =>
  "go" in decision && decision.go === "run" && decision.plan.slice(1).some((line) => line.startsWith("carry "));

export type EventType = "step" | "plan" | "log" | "note" | "image" | "health" | "result";

/** `seq` counts from 1 for each job; `from` refers to it. */
export interface RunEvent {
  readonly seq: number;
  readonly at: string;
  readonly type: EventType;
  readonly step?: string;
  readonly service?: string;
  readonly text?: string;
  readonly data?: Exit;
}

/** Every failure a run can report. `interrupted`: the server went down during the run. */
export const exitClasses = [
  "fence",
  "busy",
  "interrupted",
  "docker.missing",
  "docker.down",
  "docker.denied",
  "sudo.password",
  "root.needed",
  "docker.unpackaged",
  "install.failed",
  "passwords.stay",
  "compose.missing",
  "compose.invalid",
  "compose.conflict",
  "tool.missing",
  "folder.denied",
  "files.failed",
  "disk.full",
  "files.conflict",
  "arch.mismatch",
  "archive.gone",
  "build.failed",
  "image.not_found",
  "image.gone",
  "registry.unavailable",
  "registry.denied",
  "registry.untrusted",
  "port.taken",
  "name.taken",
  "network.missing",
  "volume.missing",
  "mount.missing",
  "start.failed",
  "unhealthy",
  "plan.stale",
  "plan.failed",
  "data.at_risk",
  "upgrade.failed",
  "policy.denied",
  "canceled",
  "timeout",
  "conflict",
  "internal",
] as const;
export type ExitClass = (typeof exitClasses)[number];

/** `code`: 0 success, 76 fence refused, 75 busy or interrupted, 69 something missing, 1 any other failure. */
export interface Exit {
  readonly code: number;
  readonly class?: ExitClass;
  readonly step?: string;
  readonly service?: string;
  readonly message?: string;
  readonly log: readonly string[];
  readonly changed: boolean;
  readonly rolledBack: boolean;
  /** There was nothing to do, and nothing was done. */
  readonly unchanged?: boolean;
  /** From the first container stopped until the previous release was up again. */
  readonly downMs?: number;
  /** Facts of a check; the holder's job id when busy. */
  readonly data: Readonly<Record<string, string>>;
  readonly containers?: Containers;
  /** What a plan is made of, as the server packed it: untrusted, with the app's secrets in it. */
  readonly report?: Uint8Array;
}

/** A TargetPlan (plan/plan.ts). */
export type Planned = Readonly<Record<string, unknown>>;

export interface Remote {
  /** Starts, attaches or replays. @throws RemoteError if the connection is lost */
  run(input: RunInput, onEvent: (event: RunEvent) => void, signal?: AbortSignal): Promise<Exit>;
  /** What the operation `save` packs, where a connection can bring it. The end of the connection ends it. @throws RemoteError */
  readonly save?: (input: RunInput) => Promise<Carried>;
  close(): Promise<void>;
}

export type Connect = (address: Address, key: PrivateKey, signal?: AbortSignal) => Promise<Remote>;

/** `dropped`: connection lost during a run, which continues: attach with the last `seq` as `from`. `aborted`: by `signal`. */
export type RemoteErrorClass =
  | "unreachable"
  | "refused"
  | "timeout"
  | "auth.failed"
  | "password.wrong"
  | "password.refused"
  | "password.more"
  | "key.failed"
  | "hostkey.changed"
  | "dropped"
  | "aborted"
  | "address.unknown"
  | "address.refused"
  | "role.denied"
  | "role.open"
  | "agent.missing"
  | "agent.silent"
  | "aws.throttled"
  | "ssm.too_much";

export class RemoteError extends Error {
  readonly class: RemoteErrorClass;
  constructor(errorClass: RemoteErrorClass, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RemoteError";
    this.class = errorClass;
  }
}
