import type { Containers } from "@berth/domain/remote/container.ts";
import type { HostKey } from "@berth/domain/remote/host-key.ts";
import type { Reach } from "@berth/domain/remote/reach.ts";
import {
  type Exit,
  type Remote,
  RemoteError,
  type RemoteErrorClass,
  type RunEvent,
  type RunInput,
} from "@berth/domain/remote/remote.ts";
import type { Voices } from "./container-log.ts";
import { createConversation } from "./conversation.ts";
import { createListening, type Stays } from "./listen.ts";
import type { Process, Processes } from "./process.ts";
import { packed } from "./reporting.ts";
import type { Runner } from "./runner.ts";
import type { Run, Server, Watch } from "./server.ts";
import type { Stage } from "./stage.ts";

export const hostKeyOf = (host: string): HostKey => ({
  type: "ssh-ed25519",
  key: `key-of-${host}`,
  fingerprint: `SHA256:${host.replaceAll(/[^0-9]/g, "").padEnd(43, "A")}`,
});

export interface Lines {
  reachOf(process: Process): Reach;
  /** Commands sent, by job. */
  readonly commands: Map<string, number>;
}

export type Asked = (process: Process, server: Server, input: RunInput) => void;

const lost = (kind: RemoteErrorClass) => new RemoteError(kind, `simulated: ${kind}`);
const FACTS = { docker: "27.3.1", compose: "2.29.7", arch: "amd64", disk_free_mb: "20480" };

const looked: Exit = { code: 0, log: [], changed: false, rolledBack: false, data: FACTS };

/** What Docker says of an app's only service. */
function containersOf({ projects }: Server, { values }: RunInput): Containers {
  const release = projects.get(values.project ?? "")?.serves;
  const web: Containers["items"][number] = {
    service: "web",
    name: `${values.project}-web-1`,
    state: "running",
    health: null,
    exitCode: null,
    restarts: 0,
    image: `release:${release}`,
    imageId: `sha256:${release}`,
    ports: [],
    startedAt: null,
    finishedAt: null,
    restartPolicy: "always",
  };
  return { items: release === undefined ? [] : [web], expected: ["web"], more: 0, bootedAt: null };
}

/** SSH between processes and servers: what is said may be lost on its way there, on its way back, or in between. */
export function createLines(
  stage: Stage,
  processes: Processes,
  servers: Map<string, Server>,
  runner: Runner,
  asked: Asked,
  voices: Voices,
  stays: Stays,
  watch: Watch,
): Lines {
  const { chance, clock, swarm, tell } = stage;
  const commands = new Map<string, number>();
  const listening = createListening(stage, voices, stays);
  const converse = createConversation(stage, processes, runner);
  const gone = (server: Server) => !server.up || server.silentUntil > clock.now();

  async function connect(process: Process, host: string): Promise<Server> {
    const server = servers.get(host);
    const silent = !server || gone(server) || swarm.strike("host unreachable");
    await processes.call(process, silent ? chance.between(3000, 10_000) : chance.between(30, 250), () => {
      if (silent) throw lost("unreachable");
      if (swarm.strike("connection refused")) throw lost("refused");
    });
    if (!server) throw lost("unreachable");
    return server;
  }

  function follow(
    process: Process,
    server: Server,
    run: Run,
    from: number,
    onEvent: (event: RunEvent) => void,
    signal?: AbortSignal,
  ) {
    return new Promise<Exit>((resolve, reject) => {
      let told = from;
      let over = false;
      let telling = false;
      const settle = (end: () => void) => {
        if (over || process.dead) return;
        over = true;
        run.followers.delete(pump);
        server.lines.delete(broken);
        end();
      };
      const drop = (milliseconds: number) => clock.after(milliseconds, () => settle(() => reject(lost("dropped"))));
      const broken = () => drop(chance.between(100, 16_000));
      const pump = () => {
        if (telling || over) return;
        const ended = run.exit !== undefined || !run.alive;
        if (told >= run.events.length && !ended) return;
        telling = true;
        const arrive = () => {
          if (over || process.dead) return;
          const frozen = process.frozenUntil - clock.now();
          if (frozen > 0) return clock.after(frozen, arrive);
          telling = false;
          const event = run.events[told];
          if (event) {
            told++;
            if (!signal?.aborted) onEvent(event);
            return pump();
          }
          const { exit } = run;
          if (exit) settle(() => resolve(exit));
          else if (!run.alive)
            settle(() =>
              resolve({
                code: 75,
                class: "interrupted",
                message: "The server went away",
                log: [],
                changed: false,
                rolledBack: false,
                data: {},
              }),
            );
        };
        if (gone(server)) return;
        clock.after(chance.between(5, 120), arrive);
      };
      signal?.addEventListener("abort", () => settle(() => reject(lost("aborted"))), { once: true });
      run.followers.add(pump);
      server.lines.add(broken);
      if (swarm.strike("line dropped")) drop(chance.between(0, 40_000));
      if (swarm.strike("answer lost")) drop(chance.between(0, 300));
      if (gone(server)) broken();
      pump();
    });
  }

  const told = (server: Server, input: RunInput) => {
    watch.planned(server, input);
    return packed(server, input);
  };

  function remoteOf(process: Process, server: Server): Remote {
    return {
      close: () => Promise.resolve(),
      save: (input) =>
        processes.call(process, chance.between(100, 20_000), () => {
          if (gone(server) || swarm.strike("command lost")) throw lost("dropped");
          const project = server.projects.get(input.values.project ?? "");
          const image = project?.healthy.get(Number(input.values.release)) ?? project?.healthy.get(project.current ?? 0);
          tell(process.name, `gets ${image?.slice(-8)} from ${server.host} for ${input.job}`);
          return image === undefined ? { gone: "No such image" } : { bytes: image.length, content: once(Buffer.from(image)) };
        }),
      async run(input, onEvent, signal) {
        if (signal?.aborted) throw lost("aborted");
        // What only looks; a run that is not answered is a server that is silent.
        const looks = input.op === "check" || input.op === "plan" || input.op === "inspect" || input.op === "logs";
        const drips = looks && (server.mute === "drips" || swarm.strike("answer drips"));
        const held = server.mute !== undefined || (looks && (drips || swarm.strike("answer held")));
        const front = await processes.call(process, chance.between(10, 150), () => {
          if (signal?.aborted) throw lost("aborted");
          if (gone(server) || swarm.strike("command lost")) throw lost("dropped");
          const job = input.values.run ?? input.job;
          tell(process.name, `asks ${server.host} to ${input.op} ${job} with the fence ${input.fence} from ${input.from}`);
          commands.set(job, (commands.get(job) ?? 0) + 1);
          asked(process, server, input);
          if (held && !(drips && input.op === "logs")) return { held };
          if (input.op === "logs") return { logs: true };
          if (input.op === "check") return { answer: looked };
          if (input.op === "plan") return { answer: { ...looked, data: {}, report: told(server, input) } };
          if (input.op === "inspect") return { answer: { ...looked, data: {}, containers: containersOf(server, input) } };
          return runner.front(server, input);
        });
        if ("held" in front) return listening.never(process, server, input, onEvent, signal, drips);
        if ("logs" in front) return listening.logs(process, server, input, onEvent, signal, drips);
        if ("asks" in front) {
          const settled = await converse(process, server, front.asks, input, signal);
          if ("follow" in settled) return follow(process, server, settled.follow, input.from, onEvent, signal);
          tell(process.name, `hears ${settled.answer.code} ${settled.answer.class ?? ""}`);
          return settled.answer;
        }
        if ("follow" in front) return follow(process, server, front.follow, input.from, onEvent, signal);
        return processes.call(process, chance.between(10, 150), () => {
          if (swarm.strike("answer lost")) throw lost("dropped");
          tell(process.name, `hears ${front.answer.code} ${front.answer.class ?? ""}`);
          return front.answer;
        });
      },
    };
  }

  return {
    commands,
    reachOf: (process) => ({
      resolve: (host) => (swarm.strike("name held") ? new Promise(() => {}) : Promise.resolve(host)),
      letIn: () => Promise.reject(new Error("nothing has a password")),
      connectManaged: () => Promise.reject(new Error("nothing is managed by SSM")),
      scan: async (host) => {
        await connect(process, host);
        return hostKeyOf(host);
      },
      connect: async (address, key) => {
        const server = await connect(process, address.host);
        if (address.hostKey !== hostKeyOf(address.host).key) throw lost("hostkey.changed");
        if (!key.startsWith(`private-key-of-${server.tenant}`))
          stage.violate("8 no tenant reaches another's", `the key ${key} was offered to ${server.host} of ${server.tenant}`);
        return remoteOf(process, server);
      },
    }),
  };
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
