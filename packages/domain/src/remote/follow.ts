import type { Duplex, Readable } from "node:stream";
import { createReader, EVENTS_MOST } from "./events.ts";
import { carries, type Decision, type Exit, type Remote, RemoteError, type RunEvent, type RunInput } from "./remote.ts";
import { toAnswer } from "./request.ts";
import { sendCarried, sender } from "./send.ts";
import { cleanText } from "./text.ts";

/** One execution of RUN, however the server is reached: its input, its output, and the event `exit` with its status. */
export interface Channel extends Duplex {
  readonly stderr: Readable;
}

/** Follows a run to its verdict, and answers what the server asks on the way. @throws RemoteError */
export function follow(
  channel: Channel,
  request: Buffer,
  input: RunInput,
  onEvent: Parameters<Remote["run"]>[1],
  closed: Promise<void>,
  lost: () => Error | undefined,
  signal: AbortSignal | undefined,
): Promise<Exit> {
  return new Promise((resolve, reject) => {
    let status: number | undefined;
    let stderr = "";
    const settle = (done: () => void) => {
      signal?.removeEventListener("abort", stop);
      calling.abort();
      done();
    };
    const stop = () => {
      channel.destroy();
      settle(() => reject(aborted()));
    };
    const deliver = (event: RunEvent) => {
      if (!signal?.aborted) onEvent(event);
    };
    const broken = (error: unknown) => {
      channel.destroy();
      settle(() => reject(error));
    };
    let awaited: RunInput["carried"];
    const reply = (decision: Decision) => {
      channel.write(toAnswer(decision));
      if (carries(decision)) awaited = carried;
      else channel.end();
    };
    /** Once, and only where it was decided so. */
    const bring = (services: readonly string[]) => {
      if (!awaited) return stop();
      sendCarried(channel, closed, awaited(services, calling.signal)).catch(broken);
      awaited = undefined;
    };
    const { decide, archives, carried } = input;
    const calling = new AbortController();
    const send = archives && sender(archives, channel, closed);
    const reader = createReader(
      input.from,
      deliver,
      input.op === "logs" ? undefined : EVENTS_MOST,
      (report) => (decide ? void decide(report).then(reply, broken) : stop()),
      (archive) => (send ? void send(archive).catch(broken) : stop()),
      bring,
    );
    const finish = () => {
      const { exit } = reader;
      if (exit) return settle(() => resolve(exit));
      if (status === undefined || reader.started) {
        return settle(() => reject(new RemoteError("dropped", "The connection was lost during the run", { cause: lost() })));
      }
      settle(() => resolve(refused(status, stderr)));
    };
    signal?.addEventListener("abort", stop, { once: true });
    channel.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk);
        // The verdict is complete: do not wait for the server to close the channel.
        if (reader.exit) finish();
      } catch (error) {
        broken(error);
      }
    });
    channel.stderr.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString("utf8")).slice(-2_000);
    });
    channel.on("exit", (code: number | null) => {
      status = code ?? undefined;
    });
    channel.once("close", finish);
    // A failed write does not matter: the server's output decides.
    channel.on("error", () => {});
    void closed.then(finish);
    if (decide || archives) channel.write(request);
    else channel.end(request);
  });
}

/** The login shell ended before the runner began: a forced command, a locked account, no `sh`. */
function refused(status: number | undefined, stderr: string): Exit {
  const reason = cleanText(stderr.trim().split("\n").at(-1) ?? "");
  const message = reason || `The server ended the command with status ${status ?? "unknown"}`;
  return { code: 1, class: "internal", step: "preflight", message, log: [], changed: false, rolledBack: false, data: {} };
}

export function aborted(): RemoteError {
  return new RemoteError("aborted", "The caller stopped listening; the run goes on");
}
