import { Refused, refuse, usage } from "../refusal.ts";
import { type Contexts, DEFAULT_CONTEXT, type Env, type Login, nothing, readContexts, type Say } from "./contexts.ts";

/** Set when the program is built for a service; without it the address is given once, at login. */
declare const BERTH_DEFAULT_URL: string | undefined;
const defaultUrl = typeof BERTH_DEFAULT_URL === "string" && BERTH_DEFAULT_URL !== "" ? BERTH_DEFAULT_URL : undefined;

/** Which service a command talks to, and as whom. */
export interface Place {
  readonly context: string;
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly tokenFrom: "environment" | "context" | "deployer" | undefined;
  /** In place of a token: the deployer that accepts the job in which this runs. */
  readonly deployer?: string | undefined;
}

/** What the command line itself says. */
export interface Asked {
  readonly context?: string | undefined;
  readonly url?: string | undefined;
}

/**
 * Flags win over the environment, that over the settings file, which is not read where it is not needed. A kept token is only ever sent to
 * the address it was kept with. `fresh`: a login is about to be made, so that none need be there.
 * @throws Refused for a context that is named and not there, two that contradict each other, an address that is none or is not safe
 */
export async function findPlace(
  env: Env,
  asked: Asked,
  { fresh = false, say = () => {} }: { readonly fresh?: boolean; readonly say?: Say } = {},
): Promise<Place> {
  const { current, contexts } = await settingsFor(env, asked, fresh, say);
  const named = asked.context ?? (env.BERTH_CONTEXT || undefined);
  const context = named ?? current;
  if (!/^[\w.-]{1,60}$/.test(context)) throw usage(`"${context}" is no name for a context: letters, digits, dots and dashes.`);
  const login = Object.hasOwn(contexts, context) ? contexts[context] : undefined;
  if (named !== undefined && !login && !fresh && (asked.context !== undefined || !(env.BERTH_TOKEN || env.BERTH_DEPLOYER)))
    throw missing(context, contexts);
  const given = asked.url ?? (asked.context !== undefined && login ? undefined : env.BERTH_URL || undefined);
  const url = given === undefined ? (login?.url ?? defaultUrl) : checkUrl(given);
  const kept = login && login.url === url ? login.token : undefined;
  const byFlag = asked.context !== undefined;
  if (env.BERTH_TOKEN && named !== undefined && !fresh) agree(env.BERTH_TOKEN, { context, byFlag, login, kept, say });
  const deployer = (!byFlag && !env.BERTH_TOKEN && env.BERTH_DEPLOYER) || undefined;
  const token = byFlag ? kept : env.BERTH_TOKEN || (deployer === undefined ? kept : undefined);
  return {
    context: context || DEFAULT_CONTEXT,
    url,
    token,
    tokenFrom:
      deployer !== undefined
        ? "deployer"
        : token === undefined
          ? undefined
          : !byFlag && env.BERTH_TOKEN
            ? "environment"
            : "context",
    deployer,
  };
}

/** The settings, where what is given does not do without. */
async function settingsFor(env: Env, asked: Asked, fresh: boolean, say: Say): Promise<Contexts> {
  const enough =
    asked.context === undefined && (env.BERTH_TOKEN || env.BERTH_DEPLOYER) && (asked.url ?? (env.BERTH_URL || defaultUrl));
  if (enough && !env.BERTH_CONTEXT) return nothing;
  try {
    return await readContexts(env, say);
  } catch (error) {
    if (error instanceof Refused && (enough || fresh)) return nothing;
    throw error;
  }
}

const missing = (context: string, contexts: Contexts["contexts"]) =>
  usage(
    `There is no context "${context}". ${Object.keys(contexts).length > 0 ? `There are: ${Object.keys(contexts).join(", ")}.` : ""}`.trim(),
    `berth login --context ${context}`,
  );

interface Named {
  readonly context: string;
  readonly byFlag: boolean;
  readonly login: Login | undefined;
  readonly kept: string | undefined;
  readonly say: Say;
}

/** A context that is named beside BERTH_TOKEN, which may be somebody else's. @throws Refused where it is not clear who is meant */
function agree(token: string, { context, byFlag, login, kept, say }: Named): void {
  if (!byFlag) {
    if (login?.token !== undefined && login.token !== token)
      throw usage(`BERTH_TOKEN and BERTH_CONTEXT (${context}) are both set, and are two different logins. Unset one of them.`);
    return;
  }
  if (kept === undefined)
    throw usage(
      `--context ${context} and BERTH_TOKEN are both given, and the context has no token for this address. Unset BERTH_TOKEN and log in, or leave --context out.`,
      `berth login --context ${context}`,
    );
  if (kept !== token) say(`BERTH_TOKEN is set, but --context ${context} goes before it: that login is used.`);
}

const here = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** A mistaken address without what may be a password in it: before an `@`, or behind a `?` or `#`. */
const veiled = (text: string) => text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1…@").replace(/[?#].*$/s, "?…");

/** The address without a path's end. @throws Refused */
export function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol) || url.username || url.password || url.search || url.hash)
    throw usage(`"${veiled(text)}" is not an address like https://berth.example.com.`);
  if (url.protocol === "http:" && !here.test(url.hostname)) throw refuse("cli.insecure", { detail: text });
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
