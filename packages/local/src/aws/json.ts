import { AwsError } from "./error.ts";

export interface WireRequest {
  readonly method: string;
  /** Below the service's prefix, with a leading slash, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

// biome-ignore lint/suspicious/noExplicitAny: each operation reads its own input
export type Operation = (input: any, request: WireRequest) => object | Promise<object>;

/** A service of the AWS JSON protocols: the operation's name is in a header, input and output are JSON, a refusal is its type's name. */
export interface JsonService {
  /** What stands before the dot in `X-Amz-Target`, such as `AmazonSQS`. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
  /** The namespace of its errors, such as `com.amazonaws.sqs`. */
  readonly namespace: string;
  readonly operations: Readonly<Record<string, Operation>>;
}

export async function answerJson(service: JsonService, request: WireRequest): Promise<WireAnswer> {
  const headers = { "content-type": `application/x-amz-json-${service.version}` };
  try {
    const [target, name = ""] = String(request.headers["x-amz-target"] ?? "").split(".");
    const operation = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
    if (target !== service.target || !operation)
      throw new AwsError("UnknownOperationException", `${target}.${name} is not known here`);
    const output = await operation(parse(request.body), request);
    return { status: 200, headers, body: JSON.stringify(output) };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const body = JSON.stringify({ __type: `${service.namespace}#${error.name}`, message: error.message });
    return { status: error.status, headers: { ...headers, "x-amzn-errortype": error.name }, body };
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8") || "{}");
  } catch (cause) {
    throw new AwsError("SerializationException", cause instanceof Error ? cause.message : "not JSON");
  }
}
