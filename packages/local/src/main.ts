import { watch } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, styleText } from "node:util";
import { type Cloud, startCloud } from "./cloud.ts";
import { createLog } from "./log.ts";
import { buildSite, siteIsStale } from "./site.ts";
import { FolderTaken } from "./state/lock.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "4000" },
    folder: { type: "string", default: ".berth" },
    workers: { type: "string", default: "2" },
    fresh: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
    build: { type: "boolean", default: true },
    help: { type: "boolean", default: false },
  },
  allowNegative: true,
});

const usage = `The whole of Berth on this machine, on the loopback interface.

  npm run dev -- [--port 4000] [--folder .berth] [--workers 2] [--fresh] [--quiet] [--no-build]

  --port     of the dashboard and API; the engines and Stripe take the two after it if they can (0: any free ones)
  --folder   where the state is kept
  --workers  processes for background work
  --fresh    begin with nothing
  --quiet    no line for each request and event
  --no-build do not build the dashboard where it is missing or older than its source
`;

const root = resolve(fileURLToPath(import.meta.url), "../../../..");
const say = (text: string) => process.stdout.write(text);
const paint = (style: Parameters<typeof styleText>[0], text: string) => styleText(style, text, { stream: process.stdout });

async function dev(): Promise<void> {
  const web = join(root, "packages/web");
  if (values.build && siteIsStale(web)) {
    say("Building the dashboard ...\n");
    const { ok, output } = await buildSite(root);
    if (!ok) process.stderr.write(`${output}\nThe dashboard could not be built; the API runs without it.\n`);
  }
  const cloud = await startCloud({
    folder: values.folder,
    port: Number(values.port),
    workers: Number(values.workers),
    fresh: values.fresh,
    log: createLog(values.quiet ? undefined : process.stdout),
  });
  const unwatch = reloadOnChange(cloud);
  let ending = false;
  const end = () => {
    if (ending) process.exit(130);
    ending = true;
    unwatch();
    cloud.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
  say(greeting(cloud));
}

/** New code runs at the next request, as after a deploy of it. Answers how to stop watching. */
function reloadOnChange(cloud: Cloud): () => void {
  let timer: NodeJS.Timeout | undefined;
  const watchers = ["functions", "packages/aws/src", "packages/domain/src"].map((folder) =>
    watch(join(root, folder), { recursive: true }, (_, name) => {
      if (!name || !/\.(ts|sh)$/.test(name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => cloud.reload(), 300);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const each of watchers) each.close();
  };
}

function greeting({ origin, endpoint, stripeUrl }: Cloud): string {
  const row = (name: string, text: string) => `  ${paint("bold", name.padEnd(11))} ${text}\n`;
  const command = (text: string) => paint("cyan", text);
  return [
    `\n${paint("bold", "Berth runs on this machine.")} State is kept in ${values.folder}; Ctrl-C ends it.\n\n`,
    row("Dashboard", origin),
    row("Inbox", `${endpoint}/_local/inbox   ${paint("gray", "sign-in codes arrive here")}`),
    row("Stripe", `${stripeUrl}   ${paint("gray", "card 4242 4242 4242 4242 pays")}`),
    row("CLI", command(`npm run berth -- login --url ${origin}`)),
    row("Time", command(`curl -X POST ${endpoint}/_local/clock/advance -d '{"seconds":86400}'`)),
    "\n",
  ].join("");
}

if (values.help) say(usage);
else
  await dev().catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code;
    if (error instanceof FolderTaken) process.stderr.write(`${error.message}. End it first, or give another --folder.\n`);
    else if (code === "EADDRINUSE")
      process.stderr.write(`Port ${(error as { port?: number }).port} is taken. Give another with --port.\n`);
    else throw error;
    process.exitCode = 1;
  });
