import { addressesOf } from "@berth/domain/container/address.ts";
import { expect, test } from "vitest";
import { containersOf } from "../support/reach.ts";

const of = (...ports: [address: string, published: number, port: number, protocol?: string][]) =>
  addressesOf(
    "203.0.113.7",
    containersOf({
      service: "web",
      ports: ports.map(([address, published, port, protocol = "tcp"]) => ({ address, published, port, protocol })),
    }).items,
  ).map(({ url, host, port, protocol }) => url ?? `${host}:${port}/${protocol}`);

test("a published port is an address of the server, and a URL where what listens is plainly HTTP", () => {
  expect(of(["0.0.0.0", 80, 80], ["::", 80, 80])).toEqual(["http://203.0.113.7"]);
  expect(of(["0.0.0.0", 8080, 80], ["0.0.0.0", 8443, 443])).toEqual(["http://203.0.113.7:8080", "https://203.0.113.7:8443"]);
  expect(of(["0.0.0.0", 5432, 5432], ["0.0.0.0", 53, 53, "udp"], ["0.0.0.0", 80, 80, "udp"])).toEqual([
    "203.0.113.7:53/udp",
    "203.0.113.7:80/udp",
    "203.0.113.7:5432/tcp",
  ]);
});

test("a port for the server alone is no address, and one bound to an address is that address", () => {
  expect(of(["127.0.0.1", 8080, 80], ["::1", 8080, 80])).toEqual([]);
  expect(of(["198.51.100.4", 8080, 80])).toEqual(["http://198.51.100.4:8080"]);
  expect(addressesOf("2001:db8::1", containersOf({ service: "web" }).items).map(({ url }) => url)).toEqual([
    "http://[2001:db8::1]:8080",
  ]);
});

test("what does not run has no address", () => {
  expect(addressesOf("203.0.113.7", containersOf({ service: "web", state: "exited" }).items)).toEqual([]);
});
