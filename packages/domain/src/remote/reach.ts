import type { HostKey } from "./host-key.ts";
import type { Address, Connect } from "./remote.ts";
import type { ConnectManaged } from "./ssm/connect.ts";
import type { Ssm } from "./ssm/target.ts";

/** Lets a public key in with a password, which is tried once. */
export type LetIn = (address: Address, password: string, publicKey: string, signal?: AbortSignal) => Promise<void>;

export interface Reach {
  readonly connect: Connect;
  /** By SSM. */
  readonly connectManaged: ConnectManaged;
  readonly letIn: LetIn;
  readonly scan: (host: string, port: number) => Promise<HostKey>;
  readonly resolve: (host: string, options: { allowPrivate: boolean }) => Promise<string>;
}

export interface Server {
  readonly id: string;
  /** Over SSM the id of the instance. */
  readonly host: string;
  readonly port?: number | undefined;
  readonly user: string;
  /** Only after a person has confirmed it. */
  readonly hostKey?: HostKey | undefined;
  readonly ssm?: Ssm | undefined;
}

/** Without one it is that of SSH. */
export const portOf = ({ port }: Pick<Server, "port">): number => port ?? 22;

/** Whether it is known to be the customer's: by a host key that a person has confirmed, or because AWS says so. */
export const isTrusted = ({ hostKey, ssm }: Pick<Server, "hostKey" | "ssm">): boolean =>
  hostKey !== undefined || ssm !== undefined;
