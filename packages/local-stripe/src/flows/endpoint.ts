import { invalid, missing } from "../errors.ts";
import type { Endpoint } from "../objects/endpoint.ts";
import { mint, type World } from "../world.ts";

const rolledSeconds = 86_400;

/** Register an endpoint, with a secret of its own or the one given. */
export function createEndpoint(
  world: World,
  { url, events, version = null, secret }: { url: string; events: string[]; version?: string | null; secret?: string },
): Endpoint {
  const endpoint: Endpoint = {
    id: mint(world, "endpoint"),
    object: "webhook_endpoint",
    api_version: version,
    application: null,
    created: world.state.time,
    description: null,
    enabled_events: events,
    livemode: false,
    metadata: {},
    status: "enabled",
    url: checkedUrl(url),
  };
  world.state.endpoints.set(endpoint.id, endpoint);
  world.state.secrets.set(endpoint.id, [{ secret: secret ?? mint(world, "secret"), until: null }]);
  return endpoint;
}

/** Give an endpoint a new secret; the old one signs beside it for a day. Answers the new one. */
export function rollSecret(world: World, id: string): string {
  const secrets = world.state.secrets.get(getEndpoint(world, id).id)!;
  const secret = mint(world, "secret");
  for (const old of secrets) old.until ??= world.state.time + rolledSeconds;
  secrets.unshift({ secret, until: null });
  return secret;
}

/** The secrets that sign for an endpoint. */
export function validSecrets(world: World, id: string): string[] {
  const secrets = world.state.secrets.get(id) ?? [];
  return secrets.filter(({ until }) => until === null || until > world.state.time).map(({ secret }) => secret);
}

/** Whether an endpoint wants to hear of events of a type. */
export function hears({ status, enabled_events: events }: Endpoint, type: string): boolean {
  return status === "enabled" && (events.includes("*") || events.includes(type));
}

export function getEndpoint(world: World, id: string): Endpoint {
  const endpoint = world.state.endpoints.get(id);
  if (!endpoint) throw missing("webhook endpoint", id);
  return endpoint;
}

export function checkedUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw invalid("Invalid URL: An explicit scheme (such as https) must be provided.", { param: "url", code: "url_invalid" });
  return url;
}
