import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type Stripe from "stripe";
import { Problem } from "./error.ts";
import type { Scope } from "./scope.ts";

export type Actor =
  | {
      readonly kind: "user";
      readonly id: string;
      readonly scopes: readonly Scope[];
      readonly name?: string | undefined;
    }
  | {
      readonly kind: "token";
      readonly id: string;
      readonly scopes: readonly Scope[];
      readonly app?: string | undefined;
      readonly name?: string | undefined;
      readonly email?: string | undefined;
    }
  | { readonly kind: "system"; readonly id: string };

export type Queue = "jobs" | "mail" | "billing";

export interface Send {
  /** At most 900. */
  readonly delaySeconds?: number;
  /** Fair share (jobs: the tenant) or order (billing: the customer). */
  readonly group?: string;
  readonly dedupe?: string;
}

/** AES-256-GCM under a data key of its own, wrapped by KMS. All base64. */
export interface Sealed {
  readonly key: string;
  readonly iv: string;
  readonly tag: string;
  readonly data: string;
}

/** Who signs the identity tokens of jobs: one address, and the public keys that it publishes. */
export interface Issuer {
  readonly url: string;
  /** Asks the issuer again, within limits, where none of those known has that id. */
  readonly keys: (kid: string) => Promise<readonly PublicKey[]>;
}

/** A JSON web key (RFC 7517). */
export interface PublicKey {
  readonly kty: string;
  readonly kid: string;
  readonly [member: string]: unknown;
}

/** Where to PUT an archive, with these headers, within the hour. */
export interface Upload {
  readonly hash: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What services are built from, and large files that they mount, by tenant and the SHA-256 of its bytes. */
export interface Archives {
  /** Undefined when it is kept already, and stays for a week at least. */
  readonly upload: (tenant: string, archive: { readonly hash: string; readonly bytes: number }) => Promise<Upload | undefined>;
  /** Undefined when it is no longer kept. */
  readonly open: (tenant: string, hash: string) => Promise<AsyncIterable<Uint8Array> | undefined>;
}

/** Everything outside the process: nothing else reads clock, randomness or network, so tests and the simulation can replace it. */
export interface World {
  readonly stage: string;
  readonly origin: string;
  readonly support: string;
  /** Whether targets may have private addresses; never in the cloud. */
  /** The AWS account that customers' roles trust: that of this service. */
  readonly account: string;
  readonly privateTargets: boolean;
  readonly table: { readonly name: string; readonly client: Pick<DynamoDBDocumentClient, "send"> };
  readonly now: () => Date;
  readonly random: (bytes: number) => Uint8Array;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly send: (queue: Queue, message: object, options?: Send) => Promise<void>;
  readonly seal: (plain: string, about: Readonly<Record<string, string>>) => Promise<Sealed>;
  /** Throws where the function may not decrypt. */
  readonly open: (sealed: Sealed, about: Readonly<Record<string, string>>) => Promise<string>;
  /** As `seal` and `open`, for bytes: what is sealed is one string of bytes. */
  readonly sealBytes: (plain: Uint8Array, about: Readonly<Record<string, string>>) => Promise<Uint8Array>;
  readonly openBytes: (sealed: Uint8Array, about: Readonly<Record<string, string>>) => Promise<Uint8Array>;
  readonly stripe: () => Promise<Stripe>;
  readonly github: Issuer;
  readonly archives: Archives;
  readonly log: (level: "info" | "warn" | "error", message: string, facts?: Record<string, unknown>) => void;
}

/** Who is asking, and for which tenant. The tenant is part of every key, so a verb without a context can read nothing. */
export interface Context extends World {
  readonly tenant: string;
  readonly actor: Actor;
  readonly once?: { readonly key: string; readonly hash: string } | undefined;
  readonly credential?: Credential | undefined;
}

export interface Credential {
  readonly pk: string;
  readonly sk: string;
  /** When the person last entered a mailed code. */
  readonly provedAt?: string | undefined;
}

export const systemContext = (world: World, tenant: string, id: string): Context => ({
  ...world,
  tenant,
  actor: { kind: "system", id },
});

const implied: Record<Scope, readonly Scope[]> = {
  read: ["read"],
  plan: ["read", "plan"],
  deploy: ["read", "plan", "deploy"],
  admin: ["read", "plan", "deploy", "admin"],
  billing: ["read", "billing"],
};

/** Subject of a verb that reads many apps and returns only those the credential may see. */
export const ANY_APP = Symbol("any app");

/** @throws Problem token.scope without the scope, or if the credential is limited to another app */
export function allow(ctx: Context, scope: Scope, subject?: { readonly app: string } | typeof ANY_APP): void {
  if (!holds(ctx, scope)) throw new Problem("token.scope", { detail: `This needs the scope "${scope}".`, facts: { scope } });
  if (!mayUse(ctx, subject))
    throw new Problem("token.scope", { detail: "This token is limited to another app.", facts: { scope } });
}

/** Whether the credential has the scope, or one that includes it. */
export const holds = ({ actor }: Context, scope: Scope): boolean =>
  actor.kind === "system" || actor.scopes.some((held) => implied[held].includes(scope));

export function mayUse(ctx: Context, subject?: { readonly app?: string | undefined } | typeof ANY_APP): boolean {
  if (ctx.actor.kind !== "token" || ctx.actor.app === undefined || subject === ANY_APP) return true;
  return subject?.app === ctx.actor.app;
}
