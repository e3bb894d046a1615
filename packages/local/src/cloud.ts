import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "@berth/local-dynamodb/engine.ts";
import type { S3 } from "@berth/local-s3/s3.ts";
import type { Control } from "@berth/local-stripe/control.ts";
import { advance, settle } from "./cloud/advance.ts";
import { enginesServer } from "./cloud/engines.ts";
import { parameterNames } from "./cloud/names.ts";
import { createPools, environmentOf, factsOf, type Pools } from "./cloud/runtime.ts";
import { startSources } from "./cloud/sources.ts";
import { openState, wipe } from "./cloud/state.ts";
import { startStripe } from "./cloud/stripe.ts";
import { makeTable, TABLE } from "./cloud/table.ts";
import { controlRoutes } from "./control/routes.ts";
import { dynamodbService } from "./dynamodb/wire.ts";
import { createGateway } from "./gateway/gateway.ts";
import { kmsService } from "./kms/wire.ts";
import type { WorkerFacts } from "./lambda/pool.ts";
import { type CloudLog, createLog } from "./log.ts";
import type { Letter } from "./mail/inbox.ts";
import { sesService } from "./mail/wire.ts";
import { createOidc, type GithubJob, type Oidc } from "./oidc/oidc.ts";
import { oidcService } from "./oidc/wire.ts";
import type { Sqs } from "./sqs/sqs.ts";
import { sqsService } from "./sqs/wire.ts";
import { createRunCommand, type RunCommand } from "./ssm/run-command.ts";
import { ssmService } from "./ssm/wire.ts";
import { takeFolder } from "./state/lock.ts";
import { close as closeServer, listen, nearby } from "./state/server.ts";
import { createSts, type Sts } from "./sts/sts.ts";
import { stsService } from "./sts/wire.ts";

export interface CloudOptions {
  /** Where the state is kept; in memory only, unless given. */
  readonly folder?: string;
  /** Of the gateway; the engines and Stripe listen on the two after it, where these are free. 0 takes free ones. */
  readonly port?: number;
  /** Processes for background work. */
  readonly workers?: number;
  /** Begins with nothing, whatever the folder holds. */
  readonly fresh?: boolean;
  readonly log?: CloudLog;
  /** Seconds a received message stays invisible, for tests that cannot wait for six times a function's time. */
  readonly visibilitySeconds?: number;
  /** Other processes for the functions than those that run their source, all of them told the same. */
  readonly pools?: typeof createPools;
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
  readonly s3: S3;
  /** Roles of customers' accounts, and the servers there whose agents take commands. */
  readonly sts: Sts;
  readonly runCommand: RunCommand;
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
  /** A job of a workflow on GitHub, as far as its identity goes: the variables by which it asks for a token. */
  beginJob(job: GithubJob): ReturnType<Oidc["begin"]>;
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
  const folder = options.folder === undefined ? undefined : resolve(options.folder);
  const ends: End[] = [folder === undefined ? () => {} : takeFolder(folder)];
  const end = async () => {
    for (const each of ends.splice(0).reverse()) await each();
  };
  try {
    if (folder !== undefined && options.fresh) wipe(folder);
    return await start({ ...options, folder }, ends, end);
  } catch (error) {
    await end();
    throw error;
  }
}

/** What is to be done at the end; the last begun ends first. */
type End = () => void | Promise<void>;

async function start(
  options: Omit<CloudOptions, "folder"> & { folder: string | undefined },
  ends: End[],
  end: End,
): Promise<Cloud> {
  const { port = 0, workers = 2, log = createLog(undefined), folder } = options;
  const portAfter = (count: number) => (port === 0 ? 0 : port + count);
  const state = openState(folder, options.visibilitySeconds);
  const { clock, dynamodb, sqs, s3, inbox, key, secrets, file } = state;

  let endpoint = "";
  let control: ReturnType<typeof controlRoutes> | undefined;
  const oidc = createOidc({ url: () => `${endpoint}/oidc`, now: clock.now });
  const parameters = new Map<string, string>([
    [parameterNames.stripeSecret, secrets.stripeKey],
    [parameterNames.stripeWebhook, secrets.webhookSecret],
  ]);
  const sts = createSts({ now: Date.now });
  const runCommand = createRunCommand();
  const services = [
    dynamodbService(dynamodb),
    sqsService(sqs, () => `${endpoint}/sqs`),
    sesService(inbox),
    kmsService(key),
    ssmService(parameters, runCommand, sts),
    stsService(sts),
    oidcService(oidc),
    { name: "s3", answer: s3.answer, close: () => {} },
  ];
  ends.push(() => {
    for (const service of services.toReversed()) service.close();
  });
  const engines = enginesServer(
    services,
    (request) => control?.fetch(request) ?? new Response("starting\n", { status: 503 }),
    (error) => log.event("engines", error instanceof Error ? (error.stack ?? error.message) : String(error)),
  );
  endpoint = `http://127.0.0.1:${(await nearby(portAfter(1), (at) => listen(engines, at))).port}`;
  ends.push(() => closeServer(engines));

  let pools: Pools | undefined;
  const gateway = await createGateway({
    port,
    // The gateway's address is part of what its functions are told, so it listens before their processes start.
    pool: { invoke: (invocation) => pools?.api.invoke(invocation) ?? Promise.reject(new Error("the functions are not up yet")) },
    now: clock.now,
    site: join(root, "packages/web/dist"),
    onRequest: log.request,
    log: (text) => log.event("gateway", text),
  });
  ends.push(() => gateway.close());
  const { origin } = gateway;

  const stripe = await startStripe({
    port: portAfter(2),
    key: secrets.stripeKey,
    webhookSecret: secrets.webhookSecret,
    webhookUrl: `${origin}/webhooks/stripe`,
    folder: file("stripe"),
  });
  ends.push(() => stripe.server.close());
  const { control: money, url: stripeUrl } = stripe.server;

  const env = environmentOf({ origin, endpoint, stripe: stripeUrl, key: key.id });
  const { api, workers: background } = (options.pools ?? createPools)({
    root,
    env,
    ahead: clock.ahead,
    workers,
    log,
  });
  pools = { api, workers: background };
  ends.push(() => api.close());
  const unturn = clock.onTurn((ahead) => {
    api.setClock(ahead);
    background.setClock(ahead);
  });
  ends.push(unturn);
  const sources = startSources({
    dynamodb,
    sqs,
    clock,
    file,
    log: (text) => log.event("source", text),
    invoke: (name, event) => background.invoke({ name, event, timeoutSeconds: factsOf(name).timeoutSeconds }),
  });
  ends.push(() => sources.close(background));
  const expiring = setInterval(() => dynamodb.expire(), EXPIRE_MS).unref();
  ends.push(() => clearInterval(expiring));
  await stripe.seed();
  await Promise.all([api.ready(), background.ready()]);

  const quiet = () => sources.quiet("billing") && sources.quiet("mail");
  const cloud: Cloud = {
    origin,
    endpoint,
    stripeUrl,
    stripe: money,
    dynamodb,
    sqs,
    s3,
    sts,
    runCommand,
    env,
    now: () => new Date(clock.now()),
    advance: (seconds) => advance({ clock, stripe: money, scheduler: sources.scheduler, dynamodb, quiet }, seconds),
    settle: () => settle({ stripe: money, quiet }),
    runSchedule: (name) => sources.scheduler.run(name),
    inbox: (to) => inbox.list(to),
    beginJob: (job) => oidc.begin(job),
    workers: () => [...api.workers(), ...background.workers()],
    killWorker: (pid) => api.kill(pid) || background.kill(pid),
    reload: () => {
      api.restart();
      background.restart();
    },
    reset: async () => {
      dynamodb.execute("DeleteTable", { TableName: TABLE });
      makeTable(dynamodb);
      sqs.purge();
      s3.clear();
      inbox.clear();
      oidc.clear();
      sts.clear();
      runCommand.clear();
      money.reset();
      await stripe.seed();
      clock.reset();
    },
    close: async () => end(),
  };
  control = controlRoutes(cloud);
  return cloud;
}
