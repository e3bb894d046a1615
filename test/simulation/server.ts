import type { Decision, Exit, RunEvent, RunInput } from "@berth/domain/remote/remote.ts";

/** A run on a server: what the runner keeps below runs/<job>, and its process. */
export interface Run {
  readonly job: string;
  input: RunInput;
  fence: number;
  readonly events: RunEvent[];
  exit: Exit | undefined;
  alive: boolean;
  /** Its process has said which it is: it has begun for good. */
  pid: boolean;
  canceled: boolean;
  changed: boolean;
  /** Its release was recorded. Started again after a reboot it only goes on from there. */
  recorded: boolean;
  /** A removal has begun. */
  removing: boolean;
  /** What was planned when it was let begin. */
  plan: readonly string[];
  /** The image it runs, once it is known. */
  image: string | undefined;
  /** The image that came from the server that built it. */
  carried: string | undefined;
  /** The release that serves again after a failure; null when there was none, undefined while nobody looked. */
  previous: number | null | undefined;
  concluded: boolean;
  /** Counts its starts: what an earlier one scheduled does not happen any more. */
  life: number;
  child: (() => void) | undefined;
  readonly followers: Set<() => void>;
}

/** A service that Berth adds to a release. */
export interface AddedService {
  readonly image: string;
  readonly volume: string;
  readonly target: string;
}

/** An app's folder and containers. */
export interface Project {
  readonly owner: string;
  /** The release `current` leads to. */
  current: number | undefined;
  /** The release whose containers run, and the image they run. */
  serves: number | undefined;
  image: string | undefined;
  /** The image of each release that was healthy. */
  readonly healthy: Map<number, string>;
  /** The Compose file of each release that was started. */
  readonly composes: Map<number, string>;
  /** The add-ons of each release that was started. */
  readonly added: Map<number, ReadonlyMap<string, AddedService>>;
  /** How often something was written to each volume of an add-on. */
  readonly data: Map<string, number>;
  /** Names of the archives that the release `current` leads to is built from, one a line. */
  source: string;
  /** And of those with its large files. */
  mounted: string;
  /** Somebody stopped its containers by hand. */
  stopped: boolean;
}

/** A run that has not begun, whose caller is asked for what it lacks, and then whether to begin. */
export interface Asking {
  readonly job: string;
  readonly input: RunInput;
  /** Whether it asks to begin. */
  readonly asks: boolean;
  /** So long its caller is waited for. */
  until: number;
  /** It may begin as soon as the images have come that another server has built. */
  decision?: Agreed;
}
export type Agreed = Decision & { readonly plan: readonly string[] };

export interface Server {
  readonly host: string;
  readonly tenant: string;
  up: boolean;
  silentUntil: number;
  fullUntil: number;
  hungUntil: number;
  /** It lets us in and takes commands, and answers none; some servers go on about something else. */
  mute: "silent" | "drips" | undefined;
  readonly fences: Map<string, number>;
  readonly runs: Map<string, Run>;
  mutation: Run | undefined;
  /** The run that waits for an answer whether to begin. */
  asking: Asking | undefined;
  readonly projects: Map<string, Project>;
  /** What it is to build from, by the name of the bytes. */
  readonly archives: Map<string, string>;
  /** Connections that break when the server goes. */
  readonly lines: Set<() => void>;
}

export const createServer = (host: string, tenant: string): Server => ({
  host,
  tenant,
  up: true,
  silentUntil: 0,
  fullUntil: 0,
  hungUntil: 0,
  mute: undefined,
  fences: new Map(),
  runs: new Map(),
  mutation: undefined,
  asking: undefined,
  projects: new Map(),
  archives: new Map(),
  lines: new Set(),
});

export interface Watch {
  /** A caller is let in. */
  accepted(server: Server, resource: string, fence: number): void;
  /** A run begins, for the first time or again; `before`: its process had said which it is, so that something may have been done. */
  began(server: Server, run: Run, before: boolean): void;
  /** A caller's plan for the release is told to it. */
  planned(server: Server, input: RunInput): void;
  /** A run is let begin, as it was decided by a caller. */
  agreed(server: Server, asking: Asking, decision: Decision): void;
  /** An archive has arrived that a server asked for, or is dropped there. */
  arrived(server: Server, hash: string, content: string): void;
  dropped(server: Server, hash: string): void;
  /** A run has built its image. */
  built(server: Server, run: Run): void;
  /** A run is about to stop what serves. */
  changes(server: Server, run: Run): void;
  /** A run's release serves where that of `before` did. */
  served(server: Server, run: Run, project: Project, before: number | undefined): void;
  /** A run has ended. */
  concluded(server: Server, run: Run): void;
  /** A run is not let begin, as it was decided by a caller. */
  refused(server: Server, asking: Asking, decision: Decision): void;
  /** A run reached its effect: its release is recorded, or the app is gone. */
  took(server: Server, run: Run): void;
}

/** A run that has not begun. */
export const createRun = (job: string, input?: RunInput): Run => ({
  job,
  input: input ?? { op: "deploy", job, fence: 0, from: 0, files: [], values: {} },
  fence: input?.fence ?? 0,
  events: [],
  exit: undefined,
  alive: false,
  pid: false,
  canceled: false,
  changed: false,
  recorded: false,
  removing: false,
  plan: [],
  image: undefined,
  carried: undefined,
  previous: undefined,
  concluded: false,
  life: 0,
  child: undefined,
  followers: new Set(),
});
