/** A refusal of the service. `name` is what SDK clients match on; `extra` are the error's own members (Item, CancellationReasons). */
export class DynamoError extends Error {
  readonly extra: Readonly<Record<string, unknown>>;
  constructor(name: string, message: string, extra: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = name;
    this.extra = extra;
  }
}

export const invalid = (message: string) => new DynamoError("ValidationException", message);

export const notFound = (message = "Requested resource not found") => new DynamoError("ResourceNotFoundException", message);

export const unreadable = (message: string) => new DynamoError("SerializationException", message);
