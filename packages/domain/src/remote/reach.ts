import type { HostKey } from "./host-key.ts";
import type { Address, Connect } from "./remote.ts";

/** Lets a public key in with a password, which is tried once. */
export type LetIn = (address: Address, password: string, publicKey: string, signal?: AbortSignal) => Promise<void>;

export interface Reach {
  readonly connect: Connect;
  readonly letIn: LetIn;
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
