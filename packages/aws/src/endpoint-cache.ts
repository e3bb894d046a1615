/**
 * The SDK's memory of endpoints it discovered, empty: discovery is off, as it is by default, and this needs no library. The bundles put it
 * in the place of the SDK's own.
 */
export class EndpointCache {
  readonly getEndpoint = () => undefined;
  readonly get = () => undefined;
  readonly has = () => false;
  readonly set = () => {};
  readonly delete = () => {};
  readonly clear = () => {};
}
