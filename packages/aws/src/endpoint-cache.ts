/** Replaces the SDK's cache in the bundles: endpoint discovery is off by default, and this needs no library. */
export class EndpointCache {
  readonly getEndpoint = () => undefined;
  readonly get = () => undefined;
  readonly has = () => false;
  readonly set = () => {};
  readonly delete = () => {};
  readonly clear = () => {};
}
