import * as z from "zod";
import type { Container } from "../remote/container.ts";

export const Address = z.object({
  service: z.string(),
  host: z.string(),
  port: z.number().int(),
  protocol: z.string(),
  /** Only if the container's port is commonly HTTP; otherwise null. */
  url: z.string().nullable(),
});
export type Address = z.infer<typeof Address>;

const secure = new Set([443, 8443]);
const plain = new Set([80, 3000, 4000, 5000, 5173, 8000, 8008, 8080, 8081, 8888, 9000]);
const standard: Record<string, number> = { http: 80, https: 443 };

const isLoopback = (address: string) => address === "::1" || address.startsWith("127.");

export function addressesOf(target: string, containers: readonly Pick<Container, "service" | "state" | "ports">[]): Address[] {
  const found = new Map<string, Address>();
  for (const { service, state, ports } of containers)
    for (const { address, published, port, protocol } of state === "running" ? ports : []) {
      if (isLoopback(address)) continue;
      const every = address === "" || address === "0.0.0.0" || address === "::";
      const host = every ? target : address;
      const scheme = protocol !== "tcp" ? undefined : secure.has(port) ? "https" : plain.has(port) ? "http" : undefined;
      const name = host.includes(":") ? `[${host}]` : host;
      const url = scheme ? `${scheme}://${name}${published === standard[scheme] ? "" : `:${published}`}` : null;
      found.set(`${host} ${published} ${protocol}`, { service, host, port: published, protocol, url });
    }
  return [...found.values()].sort((a, b) => a.port - b.port);
}
