import { lookup } from "node:dns/promises";
import { RemoteError } from "./remote.ts";

const publicRanges = new Set(["unicast"]);
// A loopback, a lab and a home network, but never link-local: that is where clouds keep their metadata service.
const privateRanges = new Set(["unicast", "private", "loopback", "uniqueLocal", "carrierGradeNat"]);

type Lookup = (host: string) => Promise<readonly { address: string }[]>;
const resolve: Lookup = (host) => lookup(host, { all: true, verbatim: true });

/**
 * Resolve a name once and return the IP to connect to. Every address of the name must be public (or, with
 * `allowPrivate`, at least private), whatever its spelling: `0x7f.1`, `2852039166` and mapped forms are judged by what
 * the resolver makes of them. Throws RemoteError `address.unknown` or `address.refused`.
 */
export async function checkAddress(host: string, options: { allowPrivate: boolean; lookup?: Lookup }): Promise<string> {
  if (host === "" || host.length > 253 || /[\s\0/@]/u.test(host)) {
    throw new RemoteError("address.unknown", "That is not a host name or an IP address");
  }
  const found = await (options.lookup ?? resolve)(bare(host)).catch((cause: unknown) => {
    throw new RemoteError("address.unknown", "The name has no address", { cause });
  });
  const first = found[0]?.address;
  if (first === undefined) throw new RemoteError("address.unknown", "The name has no address");
  // Read here: of all requests only adding a server judges an address.
  const { default: ipaddr } = await import("ipaddr.js");
  const allowed = options.allowPrivate ? privateRanges : publicRanges;
  // Of IPv6 only 2000::/3 is given out to the public; the rest of what is called unicast leads nowhere that is known today.
  const isGlobal = (address: ReturnType<typeof ipaddr.process>) =>
    address.kind() === "ipv4" || options.allowPrivate || address.match(ipaddr.parseCIDR("2000::/3"));
  for (const { address } of found) {
    if (!ipaddr.isValid(address) || !allowed.has(ipaddr.process(address).range()) || !isGlobal(ipaddr.process(address))) {
      throw new RemoteError("address.refused", "The name leads to an address that may not be reached from here");
    }
  }
  return ipaddr.process(first).toString();
}

/** `[::1]` as people write it in addresses with a port. */
function bare(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}
