import { Writable } from "node:stream";
import { pathToFileURL } from "node:url";
import type { FromWorker, StreamHead, ToWorker } from "./messages.ts";

/**
 * A process that runs functions, as Lambda's runtime does: it loads a handler at its first event and answers each event with the handler's
 * result or error. It ends when the cloud does, however the cloud ends. Its arguments are the files of the functions to load at once.
 */
const [, , ...early] = process.argv;
const STREAMING = Symbol("streaming");

type Handler = ((event: unknown, context: object) => unknown) & { [STREAMING]?: true };
type StreamingHandler = (event: unknown, stream: Writable, context: object) => Promise<unknown>;

const tell = (message: FromWorker) =>
  new Promise<void>((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });

class ResponseStream extends Writable {
  readonly id: number;
  constructor(id: number) {
    super();
    this.id = id;
  }
  override _write(data: Uint8Array, _encoding: BufferEncoding, done: () => void): void {
    void tell({ kind: "chunk", id: this.id, data: Uint8Array.from(data) }).then(done);
  }
}

/** The globals Lambda's Node runtime has for functions that stream their answers. */
Object.assign(globalThis, {
  awslambda: {
    streamifyResponse: (handler: object) => Object.assign(handler, { [STREAMING]: true }),
    HttpResponseStream: {
      from(stream: ResponseStream, head: StreamHead) {
        void tell({ kind: "head", id: stream.id, head });
        return stream;
      },
    },
  },
});

const handlers = new Map<string, Promise<Handler>>();

function handlerOf(file: string): Promise<Handler> {
  let found = handlers.get(file);
  if (!found) {
    found = import(pathToFileURL(file).href).then((module: { handler: Handler }) => module.handler);
    handlers.set(file, found);
  }
  return found;
}

async function invoke({ id, name, file, event, timeoutSeconds }: Extract<ToWorker, { kind: "invoke" }>): Promise<void> {
  const until = Date.now() + timeoutSeconds * 1000;
  const context = {
    functionName: name,
    awsRequestId: String(id),
    getRemainingTimeInMillis: () => Math.max(0, until - Date.now()),
  };
  try {
    const handler = await handlerOf(file);
    if (!handler[STREAMING]) return await tell({ kind: "result", id, result: await handler(event, context) });
    const stream = new ResponseStream(id);
    const written = new Promise<void>((resolve, reject) => stream.once("close", resolve).once("error", reject));
    await (handler as unknown as StreamingHandler)(event, stream, context);
    await written;
    await tell({ kind: "result", id, result: null });
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    await tell({ kind: "error", id, name: error.name, message: error.message, stack: error.stack ?? "" });
  }
}

process.on("message", (message: ToWorker) => {
  if (message.kind === "clock") process.env.LOCAL_CLOCK_MS = String(message.ahead);
  else void invoke(message);
});
process.once("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; when to go is the cloud's decision.
process.on("SIGINT", () => {});
await tell({ kind: "ready" });
// One that cannot be loaded says so when it is called.
for (const file of early) await handlerOf(file).catch(() => {});
