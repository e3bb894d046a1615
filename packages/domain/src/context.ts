import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type Stripe from "stripe";
import { Problem } from "./error.ts";

/** What a credential may do. `admin` includes `deploy`, which includes `read`; `billing` stands alone. */
export const scopes = ["read", "deploy", "admin", "billing"] as const;
export type Scope = (typeof scopes)[number];

export type Actor =
  | {
      readonly kind: "user";
      readonly id: string;
      readonly scopes: readonly Scope[];
      /** The e-mail address. */
      readonly name?: string | undefined;
    }
  | {
      readonly kind: "token";
      readonly id: string;
      readonly scopes: readonly Scope[];
      readonly app?: string | undefined;
      /** The token's own. */
      readonly name?: string | undefined;
      /** Of the person who issued it. */
      readonly email?: string | undefined;
    }
  | { readonly kind: "system"; readonly id: string };

/** Queues by what their messages are: bells for jobs, mails to send, Stripe customers to look at again. */
export type Queue = "jobs" | "mail" | "billing";

export interface Send {
  /** Seconds before the message is seen, at most 900. */
  readonly delaySeconds?: number;
  /** Fair share (jobs: the tenant) or order (billing: the customer). */
  readonly group?: string;
  /** FIFO queues only: a message with the same id within five minutes is dropped. */
  readonly dedupe?: string;
}

/** A sealed value: AES-256-GCM under a data key of its own, which only a KMS key opens. All base64. */
export interface Sealed {
  readonly key: string;
  readonly iv: string;
  readonly tag: string;
  readonly data: string;
}

/** Everything outside the process. The simulation, the tests and Lambda give different ones; nothing else reads clock, chance or network. */
export interface World {
  readonly stage: string;
  /** Where the dashboard is, without a trailing slash. */
  readonly origin: string;
  /** The address customers write to when they need a person. */
  readonly support: string;
  /** True only where targets may have private addresses (a machine of one's own). */
  readonly privateTargets: boolean;
  readonly table: { readonly name: string; readonly client: Pick<DynamoDBDocumentClient, "send"> };
  readonly now: () => Date;
  readonly random: (bytes: number) => Uint8Array;
  /** Resolves after the time, or when the signal aborts. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  readonly send: (queue: Queue, message: object, options?: Send) => Promise<void>;
  readonly seal: (plain: string, about: Readonly<Record<string, string>>) => Promise<Sealed>;
  /** Throws where the function has no right to decrypt. */
  readonly open: (sealed: Sealed, about: Readonly<Record<string, string>>) => Promise<string>;
  readonly stripe: () => Promise<Stripe>;
  readonly log: (level: "info" | "warn" | "error", message: string, facts?: Record<string, unknown>) => void;
}

/**
 * Who is asking, and for which tenant. Every verb takes one first: the tenant is part of every key, so code without a context has nothing
 * it can read.
 */
export interface Context extends World {
  readonly tenant: string;
  readonly actor: Actor;
  /** The request's Idempotency-Key and the hash of its body, where one was given. */
  readonly once?: { readonly key: string; readonly hash: string } | undefined;
  /** The row of the session or token that asks; none where nobody asks. */
  readonly credential?: Credential | undefined;
}

export interface Credential {
  readonly pk: string;
  readonly sk: string;
  /** When the person behind it last entered a code from their mail: at a sign-in, or when asked to again. */
  readonly provedAt?: string | undefined;
}

/** Nobody's context in a tenant: the service's own work, by the name of what does it. */
export const systemContext = (world: World, tenant: string, id: string): Context => ({
  ...world,
  tenant,
  actor: { kind: "system", id },
});

const implied: Record<Scope, readonly Scope[]> = {
  read: ["read"],
  deploy: ["read", "deploy"],
  admin: ["read", "deploy", "admin"],
  billing: ["read", "billing"],
};

/** Subject of a verb that looks at many apps and shows only those the credential is for. */
export const ANY_APP = Symbol("any app");

/**
 * The one place that authorises: refuses a credential without the scope, and one limited to an app when the subject is not that app.
 * @throws Problem token.scope
 */
export function allow(ctx: Context, scope: Scope, subject?: { readonly app: string } | typeof ANY_APP): void {
  const { actor } = ctx;
  if (actor.kind === "system") return;
  if (!actor.scopes.some((held) => implied[held].includes(scope)))
    throw new Problem("token.scope", { detail: `This needs the scope "${scope}".`, facts: { scope } });
  if (!mayUse(ctx, subject))
    throw new Problem("token.scope", { detail: "This token is limited to another app.", facts: { scope } });
}

/** Whether the credential's limit to one app, if it has one, lets it see the subject. */
export function mayUse(ctx: Context, subject?: { readonly app?: string | undefined } | typeof ANY_APP): boolean {
  if (ctx.actor.kind !== "token" || ctx.actor.app === undefined || subject === ANY_APP) return true;
  return subject?.app === ctx.actor.app;
}
