import http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";

/** Longer than any proxy that works needs to reach a server. */
const CONNECT_MS = 20_000;

/** Connections to a server through a proxy that only passes on what is encrypted from end to end. */
export class Tunnels extends https.Agent {
  readonly #proxy: URL;

  constructor(proxy: URL, settings: https.AgentOptions) {
    super(settings);
    this.#proxy = proxy;
  }

  override createConnection(options: https.RequestOptions, callback?: (error: Error | null, socket: Duplex) => void): undefined {
    const proxy = this.#proxy;
    const { host, port } = options as { host: string; port: number };
    const done = callback as ((error: Error | null, socket?: Duplex) => void) | undefined;
    const to = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    const ask = (proxy.protocol === "https:" ? https : http).request({
      hostname: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: to,
      headers: { host: to, ...proxyHeaders(proxy) },
      agent: false,
      timeout: CONNECT_MS,
      ...(options.ca && { ca: options.ca }),
    });
    const fail = (why: string, code: string) => done?.(Object.assign(new Error(`the proxy ${proxy.host} ${why}`), { code }));
    ask.once("timeout", () => ask.destroy(Object.assign(new Error(), { code: "ETIMEDOUT" })));
    ask.once("error", (error: NodeJS.ErrnoException) =>
      fail(failures[error.code ?? ""] ?? `failed: ${error.message}`, "ERR_PROXY_FAILED"),
    );
    ask.once("response", (response) => {
      response.destroy();
      fail(`answered ${response.statusCode}`, "ERR_PROXY_REFUSED");
    });
    ask.once("connect", (response, socket, head) => {
      if (response.statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        const secure = connect({ ...(options as object), socket, servername: options.servername ?? host });
        done?.(null, secure);
        return;
      }
      socket.destroy();
      if (response.statusCode === 407) fail("wants a name and a password (http://name:password@proxy:port)", "ERR_PROXY_AUTH");
      else fail(`answered ${response.statusCode} to ${to}`, "ERR_PROXY_REFUSED");
    });
    ask.end();
    return undefined;
  }
}

const failures: Record<string, string> = {
  ECONNREFUSED: "is not there: nothing listens at its address",
  ENOTFOUND: "is not there: there is no such host",
  EAI_AGAIN: "cannot be found: its name cannot be looked up",
  ETIMEDOUT: "does not answer",
  ECONNRESET: "cut the connection",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached: there is no network",
};

/** The name and the password that the proxy's address has. */
export function proxyHeaders({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}
