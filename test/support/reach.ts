import type { Exit, RunEvent, RunInput } from "@berth/domain/remote/remote.ts";
import { RemoteError, type RemoteErrorClass } from "@berth/domain/remote/remote.ts";
import type { Reach } from "@berth/domain/rollout/rollout.ts";
import type { HostKey } from "@berth/domain/target/host-key.ts";

/** The host key every scripted server shows, unless told otherwise. */
export const HOST_KEY: HostKey = {
  type: "ssh-ed25519",
  key: "AAAAC3NzaC1lZDI1NTE5AAAAIFakeFakeFakeFakeFakeFakeFakeFakeFakeFakeFake",
  fingerprint: `SHA256:${"f".repeat(43)}`,
};

/** What a check finds on a healthy server. */
export const FACTS = { docker: "27.3.1", compose: "2.29.7", arch: "x86_64", os: "Debian GNU/Linux 12", disk_free_mb: "20480" };

type Play = (input: RunInput, tell: (event: Omit<RunEvent, "seq" | "at">) => void, signal?: AbortSignal) => Exit | Promise<Exit>;

export interface ScriptedReach extends Reach {
  /** What was run, oldest first, with the address it was run at. */
  readonly runs: (RunInput & { readonly at: string })[];
  /** The next run is played like this; those after it as before. */
  next(play: Play): void;
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

/** All steps and a good end; a check finds a healthy server. */
export const allGood: Play = (input, tell) => {
  if (input.op === "check") return succeeded(FACTS);
  if (input.op === "logs") {
    tell({ type: "log", service: "web", text: "hello from web" });
    return succeeded();
  }
  if (input.op === "deploy")
    for (const step of ["preflight", "pull", "start", "health", "record"]) tell({ type: "step", step, text: step });
  return succeeded();
};

/** Servers that are a script: they remember what was run and answer as they are told. */
export function scriptedReach(play: Play = allGood): ScriptedReach {
  let always = play;
  let cancels: Play = () => succeeded();
  const queue: Play[] = [];
  const refusals: RemoteError[] = [];
  const reach: ScriptedReach = {
    runs: [],
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
    connect: (address) => {
      if (address.hostKey !== reach.hostKey.key)
        return Promise.reject(new RemoteError("hostkey.changed", "The server showed another host key"));
      const refusal = refusals.shift();
      if (refusal) return Promise.reject(refusal);
      return Promise.resolve({
        close: () => Promise.resolve(),
        async run(input, onEvent, signal) {
          reach.runs.push({ ...input, at: address.host });
          let seq = input.from;
          const tell = (event: Omit<RunEvent, "seq" | "at">) => onEvent({ ...event, seq: ++seq, at: new Date().toISOString() });
          const exit = await (input.op === "cancel" ? cancels : (queue.shift() ?? always))(input, tell, signal);
          tell({ type: "result", ...(exit.message && { text: exit.message }), data: exit });
          return exit;
        },
      });
    },
  };
  return reach;
}
