import type { HostKey } from "./host-key.ts";
import type { Connect } from "./remote.ts";

export interface Reach {
  readonly connect: Connect;
  readonly scan: (host: string, port: number) => Promise<HostKey>;
  readonly resolve: (host: string, options: { allowPrivate: boolean }) => Promise<string>;
}

export interface Server {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Only after a person has confirmed it. */
  readonly hostKey?: HostKey | undefined;
}
