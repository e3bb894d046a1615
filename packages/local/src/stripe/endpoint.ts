import type Stripe from "stripe";
import type { Api } from "./api.ts";
import { invalid, missing } from "./errors.ts";
import { page } from "./list.ts";
import { type Metadata, mergeMetadata } from "./metadata.ts";
import { mint, type World } from "./world.ts";

/** An address that hears of events: which, and in which version. Its secret is shown once, when it is made. */
export interface Endpoint {
  id: string;
  object: "webhook_endpoint";
  api_version: string | null;
  application: null;
  created: number;
  description: string | null;
  enabled_events: string[];
  livemode: false;
  metadata: Metadata;
  status: "enabled" | "disabled";
  url: string;
}

const rolledSeconds = 86_400;

export function endpointRoutes({ on, world }: Api): void {
  on<Stripe.WebhookEndpointCreateParams>("post", "/v1/webhook_endpoints", ({ input }) => {
    const endpoint = createEndpoint(world, { url: input.url, events: input.enabled_events, version: input.api_version || null });
    endpoint.description = input.description || null;
    endpoint.metadata = mergeMetadata({}, input.metadata);
    return { ...endpoint, secret: world.state.secrets.get(endpoint.id)![0]!.secret };
  });

  on<Stripe.WebhookEndpointListParams>("get", "/v1/webhook_endpoints", ({ input }) =>
    page(world, "/v1/webhook_endpoints", [...world.state.endpoints.values()], input, "webhook endpoint"),
  );

  on("get", "/v1/webhook_endpoints/{id}", ({ params }) => getEndpoint(world, params.id!));

  on<Stripe.WebhookEndpointUpdateParams>("post", "/v1/webhook_endpoints/{id}", ({ params, input }) => {
    const endpoint = getEndpoint(world, params.id!);
    if (input.url !== undefined) endpoint.url = checkedUrl(input.url);
    if (input.enabled_events !== undefined) endpoint.enabled_events = input.enabled_events;
    if (input.description !== undefined) endpoint.description = input.description || null;
    if (input.disabled !== undefined) endpoint.status = input.disabled ? "disabled" : "enabled";
    endpoint.metadata = mergeMetadata(endpoint.metadata, input.metadata);
    return endpoint;
  });

  on("delete", "/v1/webhook_endpoints/{id}", ({ params }) => {
    const endpoint = getEndpoint(world, params.id!);
    world.state.endpoints.delete(endpoint.id);
    world.state.secrets.delete(endpoint.id);
    return { id: endpoint.id, object: "webhook_endpoint", deleted: true };
  });
}

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

function getEndpoint(world: World, id: string): Endpoint {
  const endpoint = world.state.endpoints.get(id);
  if (!endpoint) throw missing("webhook endpoint", id);
  return endpoint;
}

function checkedUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:/.test(url))
    throw invalid("Invalid URL: An explicit scheme (such as https) must be provided.", { param: "url", code: "url_invalid" });
  return url;
}
