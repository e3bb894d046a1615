import type { Writable } from "node:stream";
import { RemoteError, type RemoteErrorClass, type RunInput } from "@berth/domain/remote/remote.ts";
import { sender } from "@berth/domain/remote/send.ts";
import type { Next } from "./asking.ts";
import type { Process, Processes } from "./process.ts";
import { packed } from "./reporting.ts";
import type { Runner } from "./runner.ts";
import type { Asking, Server } from "./server.ts";
import type { Stage } from "./stage.ts";

const MINUTE = 60_000;
const lost = (kind: RemoteErrorClass) => new RemoteError(kind, `simulated: ${kind}`);

/** What a caller is asked before a run begins, in its connection: the archives that the server lacks, one after the other, and then whether to begin. */
export function createConversation(stage: Stage, processes: Processes, runner: Runner) {
  const { chance, clock, swarm, tell } = stage;
  const gone = (server: Server) => !server.up || server.silentUntil > clock.now();

  /** What the production code writes where a server wants an archive. */
  function answering(archives: RunInput["archives"]) {
    const written: Uint8Array[] = [];
    const write = (data: string | Uint8Array) => written.push(Buffer.from(data as Uint8Array)) > 0; // Buffer.from takes either
    const send = archives && sender(archives, { destroyed: false, write } as unknown as Writable, new Promise(() => {}));
    return async (hash: string) => {
      if (!send) throw lost("aborted");
      await send(hash);
      const said = Buffer.concat(written.splice(0)).toString();
      const [size = "", bytes = ""] = said.split(/\n(.*)/s);
      return said === "" ? undefined : { size: Number(size), bytes };
    };
  }

  /** Most come fast; some take longer than a worker stays. The line may break in the middle of one. */
  function transfer(
    process: Process,
    server: Server,
    asking: Asking,
    hash: string,
    { size, bytes }: { readonly size: number; readonly bytes: string },
    signal: AbortSignal | undefined,
  ): Promise<Next> {
    const lasts = chance.hit(0.85)
      ? chance.between(50, 3000)
      : chance.between(3000, swarm.isQuiet() || chance.hit(0.85) ? MINUTE : 15 * MINUTE);
    const breaks = swarm.strike("line dropped") ? chance.between(0, lasts) : undefined;
    runner.receives(server, asking);
    return new Promise((resolve, reject) => {
      let over = false;
      const settle = (end: () => void) => {
        if (over) return;
        over = true;
        signal?.removeEventListener("abort", abort);
        server.lines.delete(lose);
        if (!process.dead) end();
      };
      const stop = (kind: RemoteErrorClass) =>
        settle(() => {
          runner.arrive(server, asking, hash, size, bytes.slice(0, -1));
          reject(lost(kind));
        });
      const lose = () => stop("dropped");
      const abort = () => stop("aborted");
      signal?.addEventListener("abort", abort, { once: true });
      server.lines.add(lose);
      if (breaks !== undefined) clock.after(breaks, lose);
      const arrive = () => {
        if (over) return undefined;
        if (gone(server)) throw lost("dropped");
        tell(process.name, `has sent ${hash.slice(-8)} to ${server.host}`);
        return runner.arrive(server, asking, hash, size, bytes);
      };
      processes.call(process, lasts, arrive).then(
        (next) => settle(() => (next ? resolve(next) : reject(lost("dropped")))),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  /** The caller decides, and its answer may come late, or never; then nothing has begun. */
  async function decide(
    process: Process,
    server: Server,
    asking: Asking,
    input: RunInput,
    signal: AbortSignal | undefined,
  ): Promise<Next | undefined> {
    const report = await processes.call(process, chance.between(300, 1500), () => {
      if (signal?.aborted) throw lost("aborted");
      if (gone(server) || swarm.strike("question lost")) throw lost("dropped");
      return packed(server, input);
    });
    const decision = await input.decide?.(report);
    if (!decision) throw lost("aborted");
    return processes.call(process, swarm.strike("question answered late") ? 70_000 : chance.between(10, 150), () => {
      if (signal?.aborted) throw lost("aborted");
      if (gone(server)) throw lost("dropped");
      tell(process.name, `answers ${server.host} ${"no" in decision ? `no, ${decision.no}` : decision.go} about ${asking.job}`);
      const next = runner.reply(server, asking, decision);
      // An answer that is said twice is heard once.
      if (swarm.strike("message sent twice")) runner.reply(server, asking, decision);
      return next;
    });
  }

  /** What another server has built comes by the caller, which asks that server meanwhile. */
  async function carry(
    process: Process,
    server: Server,
    asking: Asking,
    { carried }: RunInput,
    services: readonly string[],
    signal = new AbortController().signal,
  ): Promise<Next | undefined> {
    if (!carried) throw lost("aborted");
    const pack = await carried(services, signal);
    let image = "";
    if (!("gone" in pack)) for await (const part of pack.content) image += Buffer.from(part).toString();
    const lasts = chance.hit(0.85) ? chance.between(500, 10_000) : chance.between(10_000, swarm.isQuiet() ? MINUTE : 9 * MINUTE);
    return processes.call(process, lasts, () => {
      if (signal.aborted) throw lost("aborted");
      if (gone(server) || swarm.strike("line dropped")) throw lost("dropped");
      return runner.bring(server, asking, pack, image);
    });
  }

  return async (process: Process, server: Server, asking: Asking, input: RunInput, signal?: AbortSignal) => {
    const broken = () => runner.forget(server, asking);
    const answer = answering(input.archives);
    server.lines.add(broken);
    try {
      let next = runner.next(server, asking);
      while (next && "wants" in next) {
        const { wants } = next;
        await processes.call(process, chance.between(10, 150), () => {
          if (signal?.aborted) throw lost("aborted");
          if (gone(server) || swarm.strike("question lost")) throw lost("dropped");
        });
        const sent = await answer(wants);
        // A server that hears nothing hangs up some time.
        if (!sent) await processes.sleep(process, MINUTE, signal);
        if (!sent) throw lost("dropped");
        next = await transfer(process, server, asking, wants, sent, signal);
      }
      if (next && "decides" in next) next = await decide(process, server, asking, input, signal);
      if (next && "carries" in next) next = await carry(process, server, asking, input, next.carries, signal);
      if (!next) throw lost("dropped");
      if (!("follow" in next || "answer" in next)) throw new Error("it has been asked");
      return next;
    } finally {
      server.lines.delete(broken);
      broken();
    }
  };
}
