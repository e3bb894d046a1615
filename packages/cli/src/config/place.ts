import { refuse, usage } from "../refusal.ts";
import { DEFAULT_CONTEXT, readContexts } from "./contexts.ts";

/** Set when the program is built for a service; without it the address is given once, at login. */
declare const BERTH_DEFAULT_URL: string | undefined;
const defaultUrl = typeof BERTH_DEFAULT_URL === "string" && BERTH_DEFAULT_URL !== "" ? BERTH_DEFAULT_URL : undefined;

/** Which service a command talks to, and as whom. */
export interface Place {
  readonly context: string;
  readonly url: string | undefined;
  readonly token: string | undefined;
  readonly tokenFrom: "environment" | "context" | undefined;
}

export interface Asked {
  readonly context?: string | undefined;
  readonly url?: string | undefined;
}

/**
 * Flags win over the environment, that over the settings file. A kept token is only ever sent to the address it was kept with.
 * @throws Refused for a context that is named and not there, an address that is none, or one that is not safe
 */
export async function findPlace(
  env: Readonly<Record<string, string | undefined>>,
  asked: Asked,
  options: { readonly fresh?: boolean } = {},
): Promise<Place> {
  const { current, contexts } = await readContexts(env);
  const named = asked.context ?? (env.BERTH_CONTEXT || undefined);
  const context = named ?? current;
  if (!/^[\w.-]{1,60}$/.test(context)) throw usage(`"${context}" is no name for a context: letters, digits, dots and dashes.`);
  const login = Object.hasOwn(contexts, context) ? contexts[context] : undefined;
  if (named !== undefined && !login && !options.fresh && !env.BERTH_TOKEN)
    throw usage(
      `There is no context "${context}". ${Object.keys(contexts).length > 0 ? `There are: ${Object.keys(contexts).join(", ")}.` : ""}`.trim(),
      `berth login --context ${context}`,
    );
  const given = asked.url ?? (env.BERTH_URL || undefined);
  const url = given === undefined ? (login?.url ?? defaultUrl) : checkUrl(given);
  const kept = login && login.url === url ? login.token : undefined;
  const token = env.BERTH_TOKEN || kept;
  return {
    context: context || DEFAULT_CONTEXT,
    url,
    token,
    tokenFrom: env.BERTH_TOKEN ? "environment" : kept ? "context" : undefined,
  };
}

const here = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The address without a path's end. @throws Refused */
export function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !["http:", "https:"].includes(url.protocol) || url.username || url.password || url.search || url.hash)
    throw usage(`"${text}" is not an address like https://berth.example.com.`);
  if (url.protocol === "http:" && !here.test(url.hostname)) throw refuse("cli.insecure", { detail: text });
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}
