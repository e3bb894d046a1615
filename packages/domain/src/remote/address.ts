import { lookup } from "node:dns/promises";
import { RemoteError } from "./remote.ts";

const publicRanges = new Set(["unicast"]);
// Never link-local: clouds serve instance metadata there.
const privateRanges = new Set(["unicast", "private", "loopback", "uniqueLocal", "carrierGradeNat"]);

type Lookup = (host: string) => Promise<readonly { address: string }[]>;
const resolve: Lookup = (host) => lookup(host, { all: true, verbatim: true });

/** Every address must be public (with `allowPrivate`, at least private). @throws RemoteError address.unknown, address.refused */
export async function checkAddress(host: string, options: { allowPrivate: boolean; lookup?: Lookup }): Promise<string> {
  if (host === "" || host.length > 253 || /[\s\0/@]/u.test(host)) {
    throw new RemoteError("address.unknown", "That is not a host name or an IP address");
  }
  const found = await (options.lookup ?? resolve)(bare(host)).catch((cause: unknown) => {
    throw new RemoteError("address.unknown", "The name has no address", { cause });
  });
  const first = found[0]?.address;
  if (first === undefined) throw new RemoteError("address.unknown", "The name has no address");
  // Loaded here: among API requests only adding a target needs it.
  const { default: ipaddr } = await import("ipaddr.js");
  const allowed = options.allowPrivate ? privateRanges : publicRanges;
  // IPv6 allocates only 2000::/3 to the public; other unicast ranges are not routed today.
  const isGlobal = (address: ReturnType<typeof ipaddr.process>) =>
    address.kind() === "ipv4" || options.allowPrivate || address.match(ipaddr.parseCIDR("2000::/3"));
  for (const { address } of found) {
    if (!ipaddr.isValid(address) || !allowed.has(ipaddr.process(address).range()) || !isGlobal(ipaddr.process(address))) {
      throw new RemoteError("address.refused", "The name leads to an address that may not be reached from here");
    }
  }
  return ipaddr.process(first).toString();
}

function bare(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}
