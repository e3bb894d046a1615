/**
 * How a server is reached and what may be asked of it. A Remote is one connection; one `run` is one command on it, the
 * constant RUN of bundle.ts, with everything variable on standard input. The server itself judges fences and locks, so
 * a run may be repeated: for the same job it attaches to what is going on, or replays what has ended.
 */

import type { Containers } from "./container.ts";

/** An IP address that `checkAddress` returned, and the host key a human confirmed: the base64 of the whole key blob. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKey: string;
}

/** An unencrypted private key in OpenSSH or PEM form. */
export type PrivateKey = string;

export type Op = "deploy" | "remove" | "check" | "inspect" | "logs" | "cancel";

/** A file of the release. The path is relative to the app's folder and may hold any character but NUL. */
export interface RunFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
}

/**
 * What to do. `from` is the number of events already seen (0 is the beginning). `plan` holds values by name, each of
 * which becomes a file on the server; the names the runner knows are listed in PLAN of bundle.ts.
 */
export interface RunInput {
  readonly op: Op;
  readonly job: string;
  readonly fence: number;
  readonly from: number;
  readonly files: readonly RunFile[];
  readonly plan: Readonly<Record<string, string>>;
}

export type EventType = "step" | "log" | "note" | "image" | "health" | "result";

/** One thing that happened on the server. `seq` counts from 1 for each job and is what `from` refers to. */
export interface RunEvent {
  readonly seq: number;
  readonly at: string;
  readonly type: EventType;
  readonly step?: string;
  readonly service?: string;
  readonly text?: string;
  readonly data?: Exit;
}

/** Every way a run can end badly by its own account. `interrupted`: the server went away in the middle of the run. */
export const exitClasses = [
  "fence",
  "busy",
  "interrupted",
  "docker.missing",
  "docker.down",
  "docker.denied",
  "compose.missing",
  "compose.invalid",
  "tool.missing",
  "folder.denied",
  "files.failed",
  "disk.full",
  "files.conflict",
  "arch.mismatch",
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
  "canceled",
  "timeout",
  "conflict",
  "internal",
] as const;
export type ExitClass = (typeof exitClasses)[number];

/**
 * The runner's own verdict. `code` 0 is success, 76 a refused fence, 75 busy or interrupted, 69 something missing, 1 any
 * other failure. `changed`: containers were touched. `rolledBack`: the previous release is running again.
 * `downMs`: from the first container stopped until the previous release was up again. `log`: the failing container's
 * last lines, at most 40. `data`: facts a check reports, and the holder's job id when busy.
 */
export interface Exit {
  readonly code: number;
  readonly class?: ExitClass;
  readonly step?: string;
  readonly service?: string;
  readonly message?: string;
  readonly log: readonly string[];
  readonly changed: boolean;
  readonly rolledBack: boolean;
  readonly downMs?: number;
  readonly data: Readonly<Record<string, string>>;
  /** The project's containers as they were then: of `inspect`, and of a run that touched them. */
  readonly containers?: Containers;
}

export interface Remote {
  /** Run, attach or replay. Resolves with the runner's verdict; rejects with RemoteError when the line is lost. */
  run(input: RunInput, onEvent: (event: RunEvent) => void, signal?: AbortSignal): Promise<Exit>;
  close(): Promise<void>;
}

/** Open a connection; the signal gives it up. Rejects with RemoteError. */
export type Connect = (address: Address, key: PrivateKey, signal?: AbortSignal) => Promise<Remote>;

/**
 * Why a server could not be talked to. `hostkey.changed` stops before a credential is sent. `dropped`: the line was
 * lost in the middle of a run, which goes on; attach with the last `seq` as `from`. `aborted`: the caller's own signal.
 * `address.*`: `checkAddress` found no address, or one that may not be reached.
 */
export type RemoteErrorClass =
  | "unreachable"
  | "refused"
  | "timeout"
  | "auth.failed"
  | "hostkey.changed"
  | "dropped"
  | "aborted"
  | "address.unknown"
  | "address.refused";

export class RemoteError extends Error {
  readonly class: RemoteErrorClass;
  constructor(errorClass: RemoteErrorClass, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RemoteError";
    this.class = errorClass;
  }
}
