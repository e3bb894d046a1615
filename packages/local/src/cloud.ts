import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type FunctionFacts, type FunctionName, functions } from "../../../functions/manifest.ts";
import { createCloudClock } from "./clock/clock.ts";
import { advance, settle } from "./cloud/advance.ts";
import { enginesServer } from "./cloud/engines.ts";
import { parameterNames, queueDefinitions, queueName } from "./cloud/names.ts";
import { secretsOf } from "./cloud/secrets.ts";
import { startSources } from "./cloud/sources.ts";
import { startStripe } from "./cloud/stripe.ts";
import { makeTable, TABLE } from "./cloud/table.ts";
import { controlRoutes } from "./control/routes.ts";
import { createEngine, type Engine } from "./dynamodb/engine.ts";
import { createGateway } from "./gateway/gateway.ts";
import { createKey } from "./kms/keys.ts";
import { kmsService } from "./kms/wire.ts";
import { createPool, type WorkerFacts } from "./lambda/pool.ts";
import { type CloudLog, createLog } from "./log.ts";
import { createInbox, type Letter } from "./mail/inbox.ts";
import { createSqs, type Sqs } from "./sqs/sqs.ts";
import { ACCOUNT, sqsService } from "./sqs/wire.ts";
import { ssmService } from "./ssm/wire.ts";
import { takeFolder } from "./state/lock.ts";
import { close as closeServer, listen } from "./state/server.ts";
import type { Control } from "./stripe/control.ts";

export interface CloudOptions {
  /** Where the state is kept; in memory only, unless given. */
  readonly folder?: string;
  /** Of the gateway; the engines and Stripe listen on the two after it. 0 takes free ones. */
  readonly port?: number;
  /** Processes for background work. */
  readonly workers?: number;
  /** Begins with nothing, whatever the folder holds. */
  readonly fresh?: boolean;
  readonly log?: CloudLog;
  /** Seconds a received message stays invisible, for tests that cannot wait for six times a function's time. */
  readonly visibilitySeconds?: number;
}

export interface Cloud {
  /** The dashboard and the API, without a trailing slash. */
  readonly origin: string;
  /** The engines: the AWS services one level below, the control under `/_local`. */
  readonly endpoint: string;
  readonly stripeUrl: string;
  readonly stripe: Control;
  readonly dynamodb: Engine;
  readonly sqs: Sqs;
  /** What every function is told. */
  readonly env: Readonly<Record<string, string>>;
  readonly now: () => Date;
  /** Turns Berth's clock and Stripe's on together and lets happen what falls due on the way. */
  advance(seconds: number): Promise<void>;
  /** Resolves when Stripe's events and the short queues are worked off. */
  settle(): Promise<void>;
  /** Runs a schedule of the manifest now. */
  runSchedule(name: string): Promise<void>;
  /** Mails, newest first; of one address, if given. */
  inbox(to?: string): Letter[];
  readonly workers: () => WorkerFacts[];
  /** Ends a process of functions at once, as a crash would. Answers whether it was one. */
  killWorker(pid: number): boolean;
  /** Runs the code of the functions as it is now. */
  reload(): void;
  /** Forgets everything: accounts, messages, mails, payments, turned time. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const root = resolve(fileURLToPath(import.meta.url), "../../../..");
const EXPIRE_MS = 60_000;

/** Starts everything Berth runs on, in this process and its children, on the loopback interface. @throws FolderTaken */
export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  const { port = 0, workers = 2, log = createLog(undefined) } = options;
  const folder = options.folder === undefined ? undefined : resolve(options.folder);
  const release = folder === undefined ? () => {} : takeFolder(folder);
  const stops: (() => void | Promise<void>)[] = [release];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    if (folder !== undefined && options.fresh)
      for (const part of parts) rmSync(join(folder, part), { recursive: true, force: true });
    return await start({ port, workers, log, folder, visibilitySeconds: options.visibilitySeconds }, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Everything a state folder holds but the lock. */
const parts = [
  "dynamodb",
  "sqs.json",
  "stripe",
  "kms",
  "inbox.json",
  "clock.json",
  "schedules.json",
  "stream.json",
  "secrets.json",
];

interface Settings {
  readonly port: number;
  readonly workers: number;
  readonly log: CloudLog;
  readonly folder: string | undefined;
  readonly visibilitySeconds: number | undefined;
}

type Stops = (() => void | Promise<void>)[];

async function start(
  { port, workers, log, folder, visibilitySeconds }: Settings,
  stops: Stops,
  stop: () => Promise<void>,
): Promise<Cloud> {
  const at = (name: string) => (folder === undefined ? undefined : join(folder, name));
  const clock = createCloudClock({ file: at("clock.json") });
  const dynamodbFolder = at("dynamodb");
  const dynamodb = createEngine({ now: clock.now, ...(dynamodbFolder !== undefined && { folder: dynamodbFolder }) });
  stops.push(() => dynamodb.close());
  makeTable(dynamodb);
  const sqs = createSqs(queueDefinitions(visibilitySeconds), { clock, file: at("sqs.json") });
  stops.push(() => sqs.close());
  const inbox = createInbox({ now: clock.now, file: at("inbox.json") });
  stops.push(() => inbox.close());
  const kmsFolder = at("kms");
  const key = createKey(kmsFolder === undefined ? {} : { folder: kmsFolder });
  const secrets = secretsOf(folder);
  const parameters = new Map<string, string>([
    [parameterNames.stripeSecret, secrets.stripeKey],
    [parameterNames.stripeWebhook, secrets.webhookSecret],
  ]);

  let endpoint = "";
  let control: ReturnType<typeof controlRoutes> | undefined;
  const services = { sqs: sqsService(sqs, () => `${endpoint}/sqs`), kms: kmsService(key), ssm: ssmService(parameters) };
  const engines = enginesServer(
    { dynamodb, services, inbox },
    (request) => control?.fetch(request) ?? new Response("starting\n", { status: 503 }),
    (error) => log.event("engines", error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  const enginesPort = (await listen(engines, port === 0 ? 0 : port + 1)).port;
  stops.push(() => closeServer(engines));
  endpoint = `http://127.0.0.1:${enginesPort}`;

  let origin = "";
  const { stripeKey, webhookSecret } = secrets;
  const stripe = await startStripe({
    port: port === 0 ? 0 : port + 2,
    key: stripeKey,
    webhookSecret,
    webhookUrl: () => `${origin}/webhooks/stripe`,
    folder: at("stripe"),
  });
  stops.push(() => stripe.server.close());

  // The gateway's address is part of what its functions are told, so the port is taken before their processes start.
  const env: Record<string, string> = {};
  const facts = (name: FunctionName): FunctionFacts => functions[name];
  const common = {
    functions: join(root, "functions"),
    env,
    ahead: clock.ahead,
    log: (text: string) => log.event("workers", text),
    output: log.output,
  };
  const gateway = await createGateway({
    port,
    pool: { invoke: (invocation) => api.invoke(invocation) },
    now: clock.now,
    site: join(root, "packages/web/dist"),
    onRequest: log.request,
    log: (text) => log.event("gateway", text),
  });
  stops.push(() => gateway.close());
  origin = gateway.origin;
  const queueUrl = (queue: Parameters<typeof queueName>[0]) => `${endpoint}/sqs/${ACCOUNT}/${queueName(queue)}`;
  Object.assign(env, {
    STAGE: "local",
    ORIGIN: origin,
    TABLE,
    KEY_ID: key.id,
    JOBS_QUEUE: queueUrl("jobs"),
    MAIL_QUEUE: queueUrl("mail"),
    BILLING_QUEUE: queueUrl("billing"),
    STRIPE_SECRET: parameterNames.stripeSecret,
    STRIPE_WEBHOOK: parameterNames.stripeWebhook,
    MAIL_FROM: "Berth <berth@localhost>",
    LOCAL_ENDPOINT: endpoint,
    LOCAL_STRIPE: stripe.server.url,
  });
  const api = createPool({ ...common, name: "api", size: 1 });
  stops.push(() => api.close());
  const pool = createPool({ ...common, name: "workers", size: workers });
  stops.push(() => pool.close());
  const unturn = clock.onTurn((ahead) => {
    api.setClock(ahead);
    pool.setClock(ahead);
  });
  stops.push(unturn);
  const sources = startSources({
    dynamodb,
    sqs,
    clock,
    file: at,
    log: (text) => log.event("source", text),
    invoke: (name, event) => pool.invoke({ name, event, timeoutSeconds: facts(name).timeoutSeconds }),
  });
  stops.push(() => sources.close(pool));
  const expiring = setInterval(() => dynamodb.expire(), EXPIRE_MS).unref();
  stops.push(() => clearInterval(expiring));
  await stripe.seed();
  await Promise.all([api.ready(), pool.ready()]);

  const quiet = () => sources.quiet("billing") && sources.quiet("mail");
  const { control: money } = stripe.server;
  const cloud: Cloud = {
    origin,
    endpoint,
    stripeUrl: stripe.server.url,
    stripe: money,
    dynamodb,
    sqs,
    env,
    now: () => new Date(clock.now()),
    advance: (seconds) => advance({ clock, stripe: money, scheduler: sources.scheduler, dynamodb, quiet }, seconds),
    settle: () => settle({ stripe: money, quiet }),
    runSchedule: (name) => sources.scheduler.run(name),
    inbox: (to) => inbox.list(to),
    workers: () => [...api.workers(), ...pool.workers()],
    killWorker: (pid) => api.kill(pid) || pool.kill(pid),
    reload: () => {
      api.restart();
      pool.restart();
    },
    reset: async () => {
      dynamodb.execute("DeleteTable", { TableName: TABLE });
      makeTable(dynamodb);
      sqs.purge();
      inbox.clear();
      money.reset();
      await stripe.seed();
      clock.reset();
    },
    close: stop,
  };
  control = controlRoutes(cloud);
  return cloud;
}
