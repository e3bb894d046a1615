import type { Containers } from "@berth/domain/remote/container.ts";
import type { HostKey } from "@berth/domain/remote/host-key.ts";
import type { Reach } from "@berth/domain/remote/reach.ts";
import type { Exit, Remote, RunEvent, RunInput } from "@berth/domain/remote/remote.ts";
import { RemoteError, type RemoteErrorClass } from "@berth/domain/remote/remote.ts";
import { packReport } from "./report.ts";

/** The host key every scripted server shows, unless told otherwise. */
export const HOST_KEY: HostKey = {
  type: "ssh-ed25519",
  key: "AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFake",
  fingerprint: `SHA256:${"f".repeat(43)}`,
};

/** What a check finds on a healthy server. */
const FACTS = { docker: "27.3.1", compose: "2.29.7", arch: "x86_64", os: "Debian GNU/Linux 12", disk_free_mb: "20480" };

/** Tells an event; without a time of its own it is one of now. */
export type Tell = (event: Omit<RunEvent, "seq" | "at"> & { readonly at?: string }) => void;
type Play = (input: RunInput, tell: Tell, signal?: AbortSignal) => Exit | Promise<Exit>;

export interface ScriptedReach extends Reach {
  /** What was run, oldest first, with the address it was run at. */
  readonly runs: (RunInput & { readonly at: string })[];
  /** The next run is played like this; those after it as before. */
  next(play: Play): void;
  /** Public keys that a password let in, with that password. */
  readonly letIns: { readonly password: string; readonly publicKey: string; readonly at: string }[];
  /** The next password is refused. */
  refusePassword(error: RemoteError): void;
  /** The next connection cannot be made. */
  refuse(error: RemoteError): void;
  /** Every run is played like this from now on. */
  always(play: Play): void;
  /** Every cancel is played like this from now on; else it succeeds. */
  cancels(play: Play): void;
  /** The host key servers show from now on. */
  hostKey: HostKey;
}

export const succeeded = (data: Exit["data"] = {}): Exit => ({ code: 0, log: [], changed: true, rolledBack: false, data });

export const failed = (exit: Partial<Exit> & Pick<Exit, "class">): Exit => ({
  code: 1,
  log: [],
  changed: false,
  rolledBack: false,
  data: {},
  ...exit,
});

/** A play in which the line is lost. */
export const lost = (errorClass: RemoteErrorClass, message = `scripted: ${errorClass}`): Play => {
  return () => Promise.reject(new RemoteError(errorClass, message));
};

/** What a server says of its containers when all is well; any part of one can be said otherwise. */
export const containersOf = (
  ...services: readonly ({ readonly service: string } & Partial<Containers["items"][number]>)[]
): Containers => ({
  items: services.map((about) => ({
    name: `shop-production-${about.service}-1`,
    state: "running",
    health: "healthy",
    exitCode: null,
    restarts: 0,
    image: "registry.test/web:1",
    imageId: `sha256:${"1".repeat(64)}`,
    ports: [{ address: "0.0.0.0", published: 8080, port: 80, protocol: "tcp" }],
    startedAt: "2027-03-01T11:00:00.000Z",
    finishedAt: null,
    restartPolicy: "unless-stopped",
    ...about,
  })),
  expected: services.map(({ service }) => service),
  more: 0,
  bootedAt: "2027-02-01T00:00:00.000Z",
});

/** All steps and a good end; a check finds a healthy server. */
export const allGood: Play = async (input, tell) => {
  if (input.op === "check") return succeeded(FACTS);
  if (input.op === "plan") return { ...succeeded(), report: await packReport({ web: { image: "registry.test/web:1" } }) };
  if (input.op === "inspect") return { ...succeeded(), containers: containersOf({ service: "web" }) };
  if (input.op === "logs") {
    tell({ type: "log", service: "web", text: "hello from web" });
    tell({ type: "note", step: "begun 2027-03-01T12:00:00Z" });
    return succeeded();
  }
  if (input.op === "deploy")
    for (const step of ["preflight", "pull", "start", "verify", "record", "prune"]) tell({ type: "step", step, text: step });
  return input.op === "deploy" ? { ...succeeded(), containers: containersOf({ service: "web" }) } : succeeded();
};

/** Servers that are a script: they remember what was run and answer as they are told. */
export function scriptedReach(play: Play = allGood): ScriptedReach {
  let always = play;
  let cancels: Play = () => succeeded();
  const queue: Play[] = [];
  const refusals: RemoteError[] = [];
  const refusedPasswords: RemoteError[] = [];
  const reach: ScriptedReach = {
    runs: [],
    letIns: [],
    refusePassword: (error) => void refusedPasswords.push(error),
    hostKey: HOST_KEY,
    next: (each) => void queue.push(each),
    refuse: (error) => void refusals.push(error),
    always: (each) => {
      always = each;
    },
    cancels: (each) => {
      cancels = each;
    },
    resolve: (host) => Promise.resolve(host),
    scan: () => Promise.resolve(reach.hostKey),
    letIn: async (address, password, publicKey) => {
      if (address.hostKey !== reach.hostKey.key) throw new RemoteError("hostkey.changed", "The server showed another host key");
      reach.letIns.push({ password, publicKey, at: address.host });
      const refusal = refusedPasswords.shift();
      if (refusal) throw refusal;
    },
    connectManaged: (server) => open(server.instance),
    connect: (address) => {
      if (address.hostKey !== reach.hostKey.key)
        return Promise.reject(new RemoteError("hostkey.changed", "The server showed another host key"));
      return open(address.host);
    },
  };
  function open(at: string): Promise<Remote> {
    const refusal = refusals.shift();
    if (refusal) return Promise.reject(refusal);
    return Promise.resolve({
      close: () => Promise.resolve(),
      async run(input, onEvent, signal) {
        reach.runs.push({ ...input, at });
        let seq = input.from;
        const tell: Tell = (event) => onEvent({ at: new Date().toISOString(), ...event, seq: ++seq });
        const exit = await (input.op === "cancel" ? cancels : (queue.shift() ?? always))(input, tell, signal);
        tell({ type: "result", ...(exit.message && { text: exit.message }), data: exit });
        return exit;
      },
    });
  }
  return reach;
}
