import { BlockList, isIP } from "node:net";
import { usage } from "../refusal.ts";

type Env = Readonly<Record<string, string | undefined>>;

const firstOf = (env: Env, ...names: readonly string[]) =>
  names.flatMap((name) => [env[name], env[name.toUpperCase()]]).find((value) => value !== undefined && value !== "");

/** The proxy that leads to an address, as curl takes it from the environment; none to this machine itself. @throws Refused */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const name = `${url.protocol.slice(0, -1)}_proxy`;
  const given = firstOf(env, name, "all_proxy");
  if (given === undefined || isHere(url.hostname) || isExempt(url, firstOf(env, "no_proxy") ?? "")) return undefined;
  const text = given.includes("://") ? given : `http://${given}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  if (!proxy || !["http:", "https:"].includes(proxy.protocol) || (url.protocol === "http:" && proxy.protocol === "https:"))
    // Its value is not shown: it may hold a password.
    throw usage(`${name.toUpperCase()} (or ALL_PROXY) is not the address of an http proxy, like http://proxy.example:3128.`);
  return proxy;
}

const bare = (hostname: string) => hostname.replace(/^\[|\]$/g, "").toLowerCase();

const isHere = (hostname: string) => bare(hostname) === "localhost" || bare(hostname) === "::1" || /^127\./.test(hostname);

/** NO_PROXY: names with all below them, addresses, ranges, each with a port or without; `*` is everything. */
function isExempt(url: URL, list: string): boolean {
  const host = bare(url.hostname);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      const [, range, bits] = /^([0-9a-f.:]+)\/(\d+)$/.exec(entry) ?? [];
      if (range !== undefined) return isWithin(host, range, Number(bits));
      const [, name = entry, only] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
      if (only !== undefined && only !== port) return false;
      const domain = bare(name).replace(/^\*?\./, "");
      return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
    });
}

function isWithin(host: string, range: string, bits: number): boolean {
  const family = isIP(host);
  if (family === 0 || isIP(range) !== family || bits > (family === 4 ? 32 : 128)) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  const ranges = new BlockList();
  ranges.addSubnet(range, bits, kind);
  return ranges.check(host, kind);
}
