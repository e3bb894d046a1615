import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { rootCertificates, type SecureContextOptions } from "node:tls";
import { refuse } from "../refusal.ts";
import { proxyFor } from "./proxy.ts";
import { proxyHeaders, Tunnels } from "./tunnel.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** `fetch` for a service behind a proxy, or with a certificate of an authority of one's own. Node's own does either only where it is new. */
export function transportOf(base: string, env: Env): typeof fetch {
  const url = new URL(base);
  const proxy = proxyFor(url, env);
  if (url.protocol === "http:") return proxy ? over({ agent: new http.Agent({ keepAlive: true }), proxy }) : fetch;
  const ca = authorities(env);
  if (!proxy && !ca) return fetch;
  const settings = { keepAlive: true, ...(ca && { ca }) };
  return over({ agent: proxy ? new Tunnels(proxy, settings) : new https.Agent(settings) });
}

/** Node's authorities and those that SSL_CERT_FILE adds. @throws Refused when a file that is named cannot be read */
function authorities(env: Env): SecureContextOptions["ca"] {
  const own = env.SSL_CERT_FILE;
  if (!own) return undefined;
  const read = (name: string, file: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      throw refuse("cli.file", { detail: `${name} names ${file}: ${(error as Error).message}`, cause: error });
    }
  };
  const extra = env.NODE_EXTRA_CA_CERTS;
  return [...rootCertificates, read("SSL_CERT_FILE", own), ...(extra ? [read("NODE_EXTRA_CA_CERTS", extra)] : [])];
}

interface Way {
  readonly agent: http.Agent;
  /** For http:// alone: the proxy is asked for the whole address. */
  readonly proxy?: URL;
}

const over =
  ({ agent, proxy }: Way): typeof fetch =>
  async (input, init) => {
    const asked = new Request(input, init);
    const body = asked.body ? Buffer.from(await asked.arrayBuffer()) : undefined;
    const url = new URL(asked.url);
    const { signal, method } = asked;
    const headers: Record<string, string> = { ...Object.fromEntries(asked.headers), host: url.host };
    if (body) headers["content-length"] = String(body.length);
    const options = { method, headers, agent };
    const request = proxy
      ? http.request({ ...options, ...hostOf(proxy), path: asked.url, headers: { ...headers, ...proxyHeaders(proxy) } })
      : (url.protocol === "https:" ? https : http).request(url, options);
    const end = () => request.destroy(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    try {
      return await answer(request.end(body));
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", end);
    }
  };

const hostOf = ({ hostname, port }: URL) => ({ hostname: hostname.replace(/^\[|\]$/g, ""), port: port || 80 });

const answer = (request: http.ClientRequest) =>
  new Promise<Response>((resolve, reject) => {
    request.once("error", reject);
    request.once("response", (message) => {
      const chunks: Buffer[] = [];
      message.on("data", (chunk: Buffer) => chunks.push(chunk));
      message.once("error", reject);
      message.once("end", () => {
        const status = message.statusCode ?? 0;
        const headers = new Headers();
        for (const [name, value] of Object.entries(message.headers))
          for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one);
        const empty = [204, 205, 304].includes(status);
        resolve(new Response(empty ? null : Buffer.concat(chunks), { status, headers }));
      });
    });
  });
