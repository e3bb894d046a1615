import { body, type Client, segment } from "@berth/api-client/client.ts";
import type { App, Job } from "@berth/api-client/types.ts";
import { bytesText } from "@berth/domain/bytes.ts";
import type { Access } from "@berth/domain/entitlement/access.ts";
import { once } from "../api/once.ts";
import { allowed } from "../app/accesses.ts";
import { makeApp } from "../app/make.ts";
import { sendArchives } from "../build/send.ts";
import { bytesOf } from "../build/size.ts";
import { collect, type Flags, isSet, textOf, type Verb } from "../command.ts";
import type { Exit } from "../exit.ts";
import { isProblem, Refused, refuse, usage } from "../refusal.ts";
import { note, type Session } from "../session.ts";
import { clean, marked, wrap } from "../terminal/text.ts";
import { accepted, liveOf } from "./accepted.ts";
import { type Folder, type FolderInput, folderOptions, parseFolder, readFolder } from "./folder.ts";
import { imageNotes } from "./images.ts";
import { parseWait } from "./wait.ts";

interface Input extends FolderInput {
  readonly note: string | undefined;
  readonly wait: string | undefined;
  readonly replaceFiles: boolean;
  readonly plan: string | undefined;
  readonly acceptDataRisk: boolean;
  readonly allow: readonly Access[];
  readonly detach: boolean;
  readonly verbose: boolean;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth deploy", "the app in this folder, to where it is already; what it builds is built there"],
  ["berth deploy --target web1 --target web2", "to two servers"],
  ["berth deploy --build-on web1", "what is built is built once, there, and the other servers get the images"],
  ["berth deploy --environment staging", "another environment of the app"],
  ["berth deploy -f compose.yaml -f production.yaml", "the second file over the first, as Compose merges them"],
  ["berth deploy --image web=ghcr.io/acme/web@sha256:...", "a service with an image that was built elsewhere"],
  ["berth deploy --profile jobs --profile debug", "with the services that have these profiles, and so from then on"],
  ["berth deploy --no-profile", "without any of them again"],
  ["berth deploy --plan 3f9a2b7c1d0e4f58", "just what `berth plan` said, or nothing"],
  ["berth deploy --yes --json", "for programs: JSON lines, the last is the result"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  folderOptions(command)
    .option("--note <text>", "a remark kept with the release")
    .option("--wait <time>", "wait at most this long for a service, like 10m (default: what its health check says)")
    .option("--replace-files", "replace the app's files that were changed on the server, too")
    .option("--plan <hash>", "apply this plan; nothing is done if anything else would happen")
    .option("--accept-data-risk", "go on where the plan says that data is at risk")
    .option("--allow <access>", "access that the policy asks about, like host-path; may be repeated", collect)
    .option("-d, --detach", "do not wait for the outcome")
    .option("-v, --verbose", "show everything the server says")
    .option("-y, --yes", "make the app if it is not there yet");

export const parse = (_: readonly string[], flags: Flags): Input => ({
  ...parseFolder(flags),
  note: textOf(flags, "note"),
  wait: textOf(flags, "wait"),
  replaceFiles: isSet(flags, "replaceFiles"),
  plan: planOf(textOf(flags, "plan")),
  acceptDataRisk: isSet(flags, "acceptDataRisk"),
  allow: allowed(flags),
  detach: isSet(flags, "detach"),
  verbose: isSet(flags, "verbose"),
  yes: isSet(flags, "yes"),
});

function planOf(text: string | undefined): string | undefined {
  if (text !== undefined && !/^[0-9a-f]{16}$/.test(text))
    throw usage("--plan: a plan's hash has 16 letters and digits, as `berth plan` prints it.", "berth plan");
  return text;
}

export async function run(session: Session, input: Input): Promise<Exit> {
  const folder = await readFolder(session, input);
  try {
    return await deployFolder(session, input, folder);
  } finally {
    await folder.archives.remove();
  }
}

async function deployFolder(session: Session, input: Input, folder: Folder): Promise<Exit> {
  const { project, app: name, named, read, notes, asked, archives } = folder;
  const { environment } = asked;
  const waitSeconds = waitOf(input.wait, project.settings.wait);
  const api = await session.api();
  Object.assign(session.names, { APP: name, NAME: input.targets[0] });
  const app = await findOrMake(session, api, name, input.yes);
  const { checkOrigin, originOf } = await import("./origin.ts");
  const origin = await originOf(project);
  if (!named) await checkOrigin(session, api, { app: name, environment, origin, services: [...read.file.services.keys()] });
  const live = liveOf(app, environment);
  const blinking = Object.keys(live).length > 0 ? read.published : [];
  const remarks = [
    ...(named ? [] : [`App "${name}", from the folder's name; --app or berth.yaml says otherwise`]),
    ...notes,
    ...imageNotes(input.images),
    ...blinking.map(
      ({ service, port }) => `${service} publishes port ${port} on the server, so it is down for a moment if it is replaced`,
    ),
  ];
  const { errPaint, errWidth } = session.terminal;
  note(session, ...remarks.flatMap((line) => marked(errPaint.dim("·"), line, { width: errWidth })));
  const all = [...archives.list, ...archives.mounted];
  const sent = await sendArchives(session, api, name, all);
  await archives.remove();
  if (sent > 0 && sent < bytesOf(all))
    note(session, ...marked(errPaint.dim("·"), `Sent of it: ${bytesText(sent)}, the rest is as it was`, { width: errWidth }));
  const job = await send(session, api, name, {
    ...asked,
    ...(input.note !== undefined && { note: input.note }),
    origin,
    ...(waitSeconds !== undefined && { waitSeconds }),
    ...(input.replaceFiles && { replaceFiles: true }),
    ...(input.plan !== undefined && { plan: input.plan }),
    ...(input.acceptDataRisk && { acceptDataRisk: true }),
    ...(input.allow.length > 0 && { allow: [...input.allow] }),
    ...(input.plaintext.length > 0 && { plaintext: [...input.plaintext] }),
  });
  return accepted(session, api, job, { input, live, remarks });
}

const waitOf = (flag: string | undefined, setting: string | undefined) =>
  flag !== undefined ? parseWait(flag, "--wait") : setting !== undefined ? parseWait(setting, "berth.yaml, wait") : undefined;

async function findOrMake(session: Session, api: Client, name: string, yes: boolean): Promise<App> {
  try {
    return await body(api.v1.apps[":app"].$get({ param: { app: segment(name) } }));
  } catch (error) {
    if (!isProblem(error, "app.not_found")) throw error;
    if (!yes && !session.terminal.interactive)
      throw new Refused({
        ...error.problem,
        hint: "Make it first, or let deploy make it.",
        next: ["berth deploy --yes", `berth app init ${name}`],
      });
    const { confirm } = await import("../terminal/ask.ts");
    if (!yes && !(await confirm(`There is no app "${name}" yet. Make it?`))) throw refuse("cli.canceled");
  }
  const made = await makeApp(api, name);
  note(session, `${session.terminal.errPaint.green("✓")} App ${name} made`);
  return made;
}

type Asked = Parameters<Client["v1"]["apps"][":app"]["deployments"]["$post"]>[0]["json"];

/** Asks for the deployment; where it is not clear which servers are meant, or a plan puts data at risk, and somebody is there, asks that too. */
async function send(session: Session, api: Client, app: string, json: Asked): Promise<Job> {
  try {
    return await body(api.v1.apps[":app"].deployments.$post({ param: { app: segment(app) }, json }, once()));
  } catch (error) {
    if (isProblem(error, "data.at_risk") && session.terminal.interactive) {
      const { confirm } = await import("../terminal/ask.ts");
      session.terminal.err(...wrap(clean(error.problem.detail ?? error.problem.title), session.terminal.errWidth));
      if (!(await confirm("Apply the plan all the same?"))) throw refuse("cli.canceled");
      return send(session, api, app, { ...json, acceptDataRisk: true });
    }
    if (!isProblem(error, "deployment.no_target") || json.targets) throw error;
    const { items } = await body(api.v1.targets.$get());
    if (items.length === 0) throw error;
    if (!session.terminal.interactive)
      throw new Refused({ ...error.problem, next: items.map(({ name }) => `berth deploy --target ${name}`) });
    const { chooseSome } = await import("../terminal/ask.ts");
    const chosen = await chooseSome(
      `Which servers shall ${app} run on? Later deploys go to the same ones.`,
      items.map(({ name, user, host, status }) => ({ value: name, label: name, hint: `${user}@${host}, ${status}` })),
    );
    return send(session, api, app, { ...json, targets: chosen });
  }
}
