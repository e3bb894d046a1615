import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromWorker, StreamHead, ToWorker } from "./messages.ts";

/** The function threw; the message is its own. */
export class FunctionError extends Error {}
/** The process that ran the function ended before it answered. */
export class WorkerLost extends Error {}
/** The function did not answer in its time. */
export class FunctionTimeout extends Error {}

export interface Sink {
  head(head: StreamHead): void;
  chunk(data: Uint8Array): void;
}

export interface Invocation {
  readonly name: string;
  readonly event: unknown;
  readonly timeoutSeconds: number;
  /** Where a streamed answer goes. */
  readonly sink?: Sink;
}

export interface WorkerFacts {
  readonly pid: number;
  readonly pool: string;
  readonly startedAt: string;
  /** The functions it is running now. */
  readonly running: readonly string[];
}

export interface PoolOptions {
  readonly name: string;
  readonly size: number;
  /** The file of a function, by its name. */
  readonly fileOf: (name: string) => string;
  /** Those a process loads before it is asked for them. */
  readonly early?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly ahead: () => number;
  readonly log: (text: string) => void;
  /** A line a function wrote. */
  readonly output: (line: string) => void;
}

/** Processes that run functions. One that dies is started again; what it was doing is reported as lost. */
export interface Pool {
  /** @throws FunctionError, WorkerLost or FunctionTimeout */
  invoke(invocation: Invocation): Promise<unknown>;
  readonly workers: () => WorkerFacts[];
  /** Ends one process at once, as a crash would. Answers whether it was one of these. */
  kill(pid: number): boolean;
  setClock(ahead: number): void;
  /** Resolves when every process can take work. */
  ready(): Promise<void>;
  /** Replaces every process by a new one, as after a change of code; what runs has a few seconds to end. */
  restart(): void;
  close(): Promise<void>;
}

interface Waiting {
  readonly invocation: Invocation;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Worker {
  readonly child: ChildProcess;
  readonly startedAt: number;
  readonly running: Map<number, Waiting>;
  ready: boolean;
  /** Was ready once: its code loads. */
  sound: boolean;
  /** Gets nothing more and has been replaced already. */
  leaving?: true;
}

const program = fileURLToPath(new URL("./worker.ts", import.meta.url));
/** One that ended before it was ready is followed only after a pause. */
const PAUSE_MS = 1000;
/** What a process that is replaced may still take to end what it is doing. */
const LEAVE_MS = 3000;
/** Nothing else of this machine's environment reaches a function. */
const inherited = ["PATH", "HOME", "TMPDIR", "LANG", "TZ"];

export function createPool(options: PoolOptions): Pool {
  const { name, size, fileOf, env, log } = options;
  const workers = new Set<Worker>();
  const queue: (Waiting & { id: number })[] = [];
  const becameReady = new Set<() => void>();
  let last = 0;
  let closed = false;

  function start(): void {
    if (closed) return;
    const own = Object.fromEntries(inherited.flatMap((key) => (process.env[key] === undefined ? [] : [[key, process.env[key]]])));
    const child = fork(program, (options.early ?? []).map(fileOf), {
      env: { ...own, ...env, LOCAL_CLOCK_MS: String(options.ahead()) },
      execArgv: ["--disable-warning=ExperimentalWarning"],
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const worker: Worker = { child, startedAt: Date.now(), running: new Map(), ready: false, sound: false };
    workers.add(worker);
    for (const stream of [child.stdout, child.stderr]) if (stream) readLines(stream, options.output);
    child.on("message", (message: FromWorker) => hear(worker, message));
    child.once("error", (error) => log(`${name} worker could not be started: ${error.message}`));
    child.once("exit", (code, signal) => ended(worker, signal ?? `code ${code}`));
  }

  function hear(worker: Worker, message: FromWorker): void {
    if (message.kind === "ready") {
      worker.ready = !worker.leaving;
      worker.sound = true;
      for (const each of becameReady) each();
      pump();
      return;
    }
    const waiting = worker.running.get(message.id);
    if (!waiting) return;
    const { sink } = waiting.invocation;
    if (message.kind === "head") sink?.head(message.head);
    else if (message.kind === "chunk") sink?.chunk(message.data);
    else {
      worker.running.delete(message.id);
      if (worker.leaving && worker.running.size === 0) worker.child.kill("SIGKILL");
      if (message.kind === "result") waiting.resolve(message.result);
      else waiting.reject(Object.assign(new FunctionError(`${message.name}: ${message.message}`), { stack: message.stack }));
    }
  }

  function ended(worker: Worker, how: string): void {
    workers.delete(worker);
    for (const waiting of worker.running.values())
      waiting.reject(new WorkerLost(`${waiting.invocation.name} was lost with its process (${how})`));
    if (closed || worker.leaving) return;
    log(`${name} worker ${worker.child.pid} ended (${how}); starting another`);
    setTimeout(start, worker.sound ? 0 : PAUSE_MS).unref();
  }

  function pump(): void {
    for (;;) {
      const free = [...workers].filter((each) => each.ready).sort((a, b) => a.running.size - b.running.size)[0];
      const next = free && queue.shift();
      if (!free || !next) return;
      const { id, invocation } = next;
      free.running.set(id, next);
      say(free, {
        kind: "invoke",
        id,
        name: invocation.name,
        file: fileOf(invocation.name),
        event: invocation.event,
        timeoutSeconds: invocation.timeoutSeconds,
      });
    }
  }

  const say = (worker: Worker, message: ToWorker) => {
    if (worker.child.connected) worker.child.send(message, () => {}); // a broken pipe is followed by the exit, which is what is handled
  };

  function invoke(invocation: Invocation): Promise<unknown> {
    const id = ++last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const at = queue.findIndex((each) => each.id === id);
        if (at >= 0) queue.splice(at, 1);
        for (const worker of workers) worker.running.delete(id);
        reject(new FunctionTimeout(`${invocation.name} did not answer in ${invocation.timeoutSeconds} s`));
      }, invocation.timeoutSeconds * 1000);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      queue.push({ id, invocation, resolve: settle(resolve), reject: settle(reject) });
      pump();
    });
  }

  for (let i = 0; i < size; i++) start();

  return {
    invoke,
    workers: () =>
      [...workers].map(({ child, startedAt, running }) => ({
        pid: child.pid ?? 0,
        pool: name,
        startedAt: new Date(startedAt).toISOString(),
        running: [...running.values()].map(({ invocation }) => invocation.name),
      })),
    kill: (pid) => {
      const found = [...workers].find(({ child }) => child.pid === pid);
      if (found) found.ready = false;
      return found?.child.kill("SIGKILL") ?? false;
    },
    setClock: (ahead) => {
      for (const worker of workers) say(worker, { kind: "clock", ahead });
    },
    ready: () =>
      new Promise((resolve) => {
        const look = () => {
          if ([...workers].filter((each) => each.ready).length < size) return;
          becameReady.delete(look);
          resolve();
        };
        becameReady.add(look);
        look();
      }),
    restart: () => {
      for (const worker of [...workers].filter((each) => !each.leaving)) {
        worker.ready = false;
        worker.leaving = true;
        start();
        if (worker.running.size === 0) worker.child.kill("SIGKILL");
        else setTimeout(() => worker.child.kill("SIGKILL"), LEAVE_MS).unref();
      }
    },
    close: async () => {
      closed = true;
      for (const waiting of queue.splice(0)) waiting.reject(new WorkerLost("the cloud is closing"));
      const exits = [...workers].map(({ child }) => new Promise((resolve) => child.once("exit", resolve)));
      for (const { child } of workers) child.kill("SIGKILL");
      await Promise.all(exits);
    },
  };
}

function readLines(stream: NodeJS.ReadableStream, tell: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") tell(line);
  });
}
