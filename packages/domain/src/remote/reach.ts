import type { HostKey } from "./host-key.ts";
import type { Connect } from "./remote.ts";

/** How servers are reached; the simulation gives its own. */
export interface Reach {
  readonly connect: Connect;
  readonly scan: (host: string, port: number) => Promise<HostKey>;
  /** The IP address to connect to. @throws RemoteError address.* */
  readonly resolve: (host: string, options: { allowPrivate: boolean }) => Promise<string>;
}

/** A server as its target says how to reach it. */
export interface Server {
  /** The target's. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Only where a person has confirmed it. */
  readonly hostKey?: HostKey | undefined;
}
