/** What a server reported for a plan: how its own Compose reads the release, and what is there. Untrusted, and full of secrets: never stored. */
export interface Report {
  /** Compose's version, like `2.26.1`. */
  readonly compose: string;
  readonly architecture: string;
  /** Whether an image's id is the digest of its configuration; in containerd's store it is that of its manifest, which a registry does not tell. */
  readonly imagesByConfig: boolean;
  readonly release: Resolved;
  /** The release that is live there; absent before the first one. */
  readonly live?: Resolved;
  /** Whether the release is the live one, file by file, and each of its files is where it was placed. */
  readonly isLive: boolean;
  /** Whether the release has the images that were recorded for it, and asks no registry for others. */
  readonly isRecorded: boolean;
  /** Whether it is built from what the live release was built from. */
  readonly isSource: boolean;
  readonly containers: readonly ReportedContainer[];
  /** By service, the milliseconds that it was away when it was last replaced. */
  readonly downtimes: ReadonlyMap<string, number>;
  /** Images the release names that are on the server, by the name it gives them. */
  readonly images: ReadonlyMap<string, ReportedImage>;
  /** What the registry has now for the image's name; absent if it was not asked or did not answer. */
  readonly registry: ReadonlyMap<string, RegistryImage>;
  /** Names of all volumes on the server that the project made or the release names. */
  readonly volumes: ReadonlySet<string>;
  readonly networks: ReadonlySet<string>;
  readonly diskFreeMb: number;
  readonly memoryFreeMb: number;
}

export interface Resolved {
  /** Where the file was read: bind sources and files below it are the release's own. */
  readonly folder: string;
  /** `docker compose config --format json`. */
  readonly file: Readonly<Record<string, unknown>>;
  /** By service, a checksum of the files it is given; absent for a service without any. */
  readonly files: ReadonlyMap<string, string>;
  /** By service, the id of the image it is pinned to; empty for a release that was never healthy there. */
  readonly pinned: ReadonlyMap<string, string>;
  /** Services whose profile is not active: Compose leaves their containers alone. */
  readonly inactive?: ReadonlySet<string>;
}

export interface ReportedContainer {
  readonly service: string;
  readonly name: string;
  readonly state: string;
  /** Of its health check, like `healthy`; empty without one. */
  readonly health: string;
  /** The image's id. */
  readonly image: string;
}

export interface ReportedImage {
  readonly id: string;
  readonly platform: string;
  readonly bytes: number;
  /** `repository@sha256:...` */
  readonly digests: readonly string[];
}

export interface RegistryImage {
  /** Of the manifest for the server's platform; null where there is but one. */
  readonly digest: string | null;
  /** The id Docker gives the image when it stores images by their configuration. */
  readonly id: string;
  /** Compressed layers, to be downloaded. */
  readonly bytes: number;
}
