/** Why a service could not run twice for a moment, beside itself: what only one container can have. */
import { databaseOf } from "./database.ts";
import { hostsOf, type Port, replicasOf, type Service } from "./resolved.ts";

export function singletonReasons(service: Service): string[] {
  const mode = service.network_mode ?? "";
  const addresses = Object.values(service.networks ?? {}).flatMap((network) => [network?.ipv4_address, network?.ipv6_address]);
  const database = databaseOf(service);
  return [
    ...(service.ports ?? [])
      .filter((port) => isFixed(port, replicasOf(service)))
      .map((port) => `publishes port ${placeOf(port)}`),
    ...(service.container_name ? [`has the fixed name ${service.container_name}`] : []),
    ...(mode === "host" ? ["uses the server's network"] : []),
    ...(mode.startsWith("container:") ? [`shares the network of the container ${mode.slice("container:".length)}`] : []),
    ...[...new Set(hostsOf(service))].sort().map((other) => `shares a namespace with ${other}`),
    ...(service.volumes ?? []).flatMap(written),
    ...addresses.filter((address) => address).map((address) => `has the fixed address ${address}`),
    ...(service.mac_address ? [`has the fixed address ${service.mac_address}`] : []),
    ...(service.devices ?? []).map(({ source }) => `uses the device ${source}`),
    ...(service.gpus || hasReservedDevices(service) ? ["uses a GPU or another reserved device"] : []),
    ...(database ? [`is a database (${database.name})`] : []),
  ];
}

const placeOf = ({ host_ip, published, protocol }: Port) =>
  `${host_ip ? `${host_ip}:` : ""}${published}${protocol && protocol !== "tcp" ? `/${protocol}` : ""}`;

/** Of a range Docker takes a port that is free, as long as there is one for each container twice. */
function isFixed({ published }: Port, replicas: number): boolean {
  if (published === undefined || published === null || published === "") return false;
  const [first, last] = String(published).split("-").map(Number);
  return last === undefined || last - first! + 1 < 2 * replicas; // a split has a first part
}

function written({ type, source, target, read_only }: NonNullable<Service["volumes"]>[number]): string[] {
  if (read_only || !["volume", "bind"].includes(type) || source?.endsWith(".sock")) return [];
  if (!source) return [`has an unnamed volume at ${target}`];
  return [type === "volume" ? `writes to the volume ${source}` : `writes to ${source} on the server`];
}

function hasReservedDevices({ deploy }: Service): boolean {
  const reserved = deploy?.resources?.reservations as { devices?: unknown[] } | null | undefined;
  return (reserved?.devices?.length ?? 0) > 0;
}
