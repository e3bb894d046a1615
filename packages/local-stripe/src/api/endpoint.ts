import type Stripe from "stripe";
import { checkedUrl, createEndpoint, getEndpoint } from "../flows/endpoint.ts";
import { page } from "../list.ts";
import { mergeMetadata } from "../metadata.ts";
import type { Api } from "./api.ts";

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
