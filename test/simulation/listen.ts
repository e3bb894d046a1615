import { type Exit, RemoteError, type RunEvent, type RunInput } from "@berth/domain/remote/remote.ts";
import type { Said, Voices } from "./container-log.ts";
import type { Process } from "./process.ts";
import type { Server } from "./server.ts";
import type { Stage } from "./stage.ts";

type Tell = (event: RunEvent) => void;

/** What the judge hears of connections that stay. */
export interface Stays {
  /** A connection begins to follow for a session of reading logs; called when it ends. `beat` comes while it lasts. */
  followed(process: Process, server: Server, session: string): { readonly beat: () => void; readonly end: () => void };
  /** A server does not answer what it was asked for; called when nobody waits for it any more. */
  waited(process: Process, server: Server, input: RunInput): () => void;
}

const fine: Exit = { code: 0, log: [], changed: false, rolledBack: false, data: {} };
const lost = (kind: "dropped" | "aborted") => new RemoteError(kind, `simulated: ${kind}`);

/** Connections on which a server speaks for long, or never: following logs as runner.sh does, and servers that do not answer. */
export function createListening(stage: Stage, voices: Voices, stays: Stays) {
  const { chance, clock, swarm } = stage;
  const gone = (server: Server) => !server.up || server.silentUntil > clock.now();

  /** A connection that lasts until `settle`; what breaks it, and what the worker's own end to it does. */
  function connection(process: Process, server: Server, signal: AbortSignal | undefined, reject: (error: Error) => void) {
    let over = false;
    const settle = (end: () => void) => {
      if (over || process.dead) return;
      over = true;
      server.lines.delete(broken);
      signal?.removeEventListener("abort", abort);
      end();
    };
    const abort = () => settle(() => reject(lost("aborted")));
    const broken = () => clock.after(chance.between(100, 16_000), () => settle(() => reject(lost("dropped"))));
    signal?.addEventListener("abort", abort, { once: true });
    server.lines.add(broken);
    return { settle, broken, over: () => over || process.dead };
  }

  /** The server takes the command and keeps silent, or tells of something for ever; nothing but a deadline of ours ends it. */
  function never(
    process: Process,
    server: Server,
    input: RunInput,
    onEvent: Tell,
    signal: AbortSignal | undefined,
    drips: boolean,
  ): Promise<Exit> {
    return new Promise((_, reject) => {
      const end = stays.waited(process, server, input);
      const line = connection(process, server, signal, (error) => {
        end();
        reject(error);
      });
      let seq = 0;
      const drip = () => {
        if (line.over()) return;
        if (process.frozenUntil <= clock.now())
          onEvent({ seq: ++seq, at: new Date(clock.now()).toISOString(), type: "log", text: "wait" });
        clock.after(chance.between(1000, 4000), drip);
      };
      if (drips) drip();
    });
  }

  /** The runner's `logs`: the last lines, and then what is said until time is up. */
  function logs(
    process: Process,
    server: Server,
    { job, values }: RunInput,
    onEvent: Tell,
    signal: AbortSignal | undefined,
    drips: boolean,
  ): Promise<Exit> {
    const name = values.project ?? "";
    const owner = server.projects.get(name)?.owner;
    if (owner !== undefined && owner !== values.app_id)
      return Promise.resolve({ ...fine, code: 1, class: "conflict", message: "The project belongs to another app" });
    const since = new Map((values.positions ?? "").split("\n").map((each) => each.split(" ") as [string, string]));
    const begun = values.begun ?? `${new Date(clock.now()).toISOString().slice(0, 19)}Z`;
    const until = clock.now() + Number(values.timeout_seconds ?? 60) * 1000;
    /** How many lines of each container were told on this connection. */
    const on = new Map<string, number>();
    let waiting: Omit<RunEvent, "seq" | "at">[] = [];
    let seq = 0;

    const tell = (id: string, { at, text }: Said) =>
      void waiting.push({ type: "log", step: `${id} ${at}`, service: "web", text });
    const note = (step: string) => void waiting.push({ type: "note", step });

    const past = () => {
      const voice = voices.voiceOf(server, name);
      if (voice) voices.speak(voice);
      const all = voice?.lines ?? [];
      const told = all.slice(Math.max(0, all.length - Number(values.tail ?? 200)));
      const last = told.at(-1);
      if (voice) for (const each of told) tell(voice.id, each);
      if (voice && last) {
        note(`${voice.id} ${last.at} ${all.filter(({ at }) => at === last.at).length}`);
        since.set(voice.id, last.at);
      }
      note(`begun ${begun}`);
    };

    const more = () => {
      const voice = voices.voiceOf(server, name);
      if (!voice) return;
      voices.speak(voice);
      // One that is started again is replayed from where it was at first.
      if (!on.has(voice.id) || chance.hit(0.01)) {
        note(`${voice.id} follows`);
        const from = since.get(voice.id) ?? begun.replace("Z", ".000000000Z");
        const first = voice.lines.findIndex(({ at }) => at >= from);
        on.set(voice.id, first < 0 ? voice.lines.length : first);
      }
      for (const each of voice.lines.slice(on.get(voice.id))) tell(voice.id, each);
      on.set(voice.id, voice.lines.length);
    };

    return new Promise((resolve, reject) => {
      const stay = stays.followed(process, server, job);
      const line = connection(process, server, signal, (error) => {
        stay.end();
        reject(error);
      });
      const hear = () => {
        const told = waiting;
        waiting = [];
        for (const event of told) {
          if (signal?.aborted) return;
          onEvent({ seq: ++seq, at: new Date(clock.now()).toISOString(), ...event, ...timeOf(event) });
        }
      };
      const pump = () => {
        if (line.over()) return stay.end();
        const frozen = process.frozenUntil - clock.now();
        if (frozen > 0) return clock.after(frozen, pump);
        stay.beat();
        if (!gone(server)) {
          if (!drips) more();
          note("here");
          hear();
        }
        const left = until - clock.now();
        if (left > 0 || drips || gone(server))
          return clock.after(Math.max(1, Math.min(drips ? 2000 : left, chance.between(300, 2000))), pump);
        line.settle(() => {
          stay.end();
          resolve(fine);
        });
      };
      if (swarm.strike("line dropped")) clock.after(chance.between(0, 40_000), line.broken);
      if (swarm.strike("answer lost")) line.broken();
      if (values.begun === undefined) past();
      if (values.follow) return pump();
      clock.after(chance.between(10, 500), () => {
        if (line.over()) return stay.end();
        hear();
        line.settle(() => {
          stay.end();
          resolve(fine);
        });
      });
    });
  }

  return { never, logs };
}

/** A line's event has the time at which it was said. */
const timeOf = ({ type, step }: Pick<RunEvent, "type" | "step">) =>
  type === "log" && step ? { at: `${(step.split(" ")[1] ?? "").slice(0, 23)}Z` } : {};
