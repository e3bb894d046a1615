import { body, type Client, readAll } from "@berth/api-client/client.ts";
import { once } from "../api/once.ts";
import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import { plural } from "../terminal/text.ts";
import { readExport } from "./file.ts";
import { count, type Imported, type ImportPlan, left, nextSteps, planTable, summary } from "./view.ts";

interface Input {
  readonly file: string;
  readonly plan: string | undefined;
  readonly preview: boolean;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth import self-hosted export.json", "shows the plan, asks, applies it"],
  ["berth import self-hosted export.json --preview --json", "only the plan, for a program"],
  ["berth import self-hosted export.json --plan 3f1c...", "applies the plan that was looked at, and no other"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--preview", "show the plan, and change nothing")
    .option("--plan <digest>", "apply this plan, if it is still true, without asking")
    .option("-y, --yes", "do not ask");

export function parse([file = ""]: readonly string[], flags: Flags): Input {
  const plan = textOf(flags, "plan");
  if (plan !== undefined && !/^[0-9a-f]{64}$/.test(plan))
    throw usage(`"${plan}" is no plan's digest: 64 hexadecimal characters, as --preview --json shows.`);
  return { file, plan, preview: isSet(flags, "preview"), yes: isSet(flags, "yes") };
}

export async function run(session: Session, { file, plan, preview, yes }: Input): Promise<Exit> {
  const document = await readExport(session, file);
  session.names.FILE = pasted(file);
  const api = await session.api();
  const send = async (more: { apply?: boolean; plan?: string }, options = {}) =>
    // The service says what is wrong with the file, so that only it knows the format.
    body(api.v1.imports.$post({ json: { document: document as never, ...more } }, options));
  let agreed = plan;
  if (agreed === undefined || preview) {
    const planned = await send({});
    if (preview || count(planned, "create") === 0) return tell(session, api, planned, preview);
    if (!yes) {
      const { errWidth, errPaint } = session.terminal;
      note(session, ...planTable(planned, { width: errWidth, paint: errPaint }), "", ...summary(planned));
      const question = `Create ${plural(count(planned, "create"), "thing")}? Nothing is deployed.`;
      const next = `berth import self-hosted ${pasted(file)} --plan ${planned.plan}`;
      await agree(session, { detail: question, next, question, initial: true });
    }
    agreed = planned.plan;
  }
  return tell(session, api, await send({ apply: true, plan: agreed }, once()), false);
}

/** A file's name as it is pasted. */
const pasted = (file: string) => (/^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", `'\\''`)}'`);

/** Shows the plan or its outcome, with what is to be done next. Not all of an export brought along is a failure. */
async function tell(session: Session, api: Client, plan: ImportPlan, preview: boolean): Promise<Exit> {
  const [targets, imports] = preview ? [[], []] : await Promise.all([listTargets(api), listImports(api)]);
  const next = preview ? [] : nextSteps(plan, targets, imports);
  const exit = preview || left(plan) === 0 ? exits.done : exits.failed;
  const { paint } = session.terminal;
  show(session, { ...plan, next, exit }, () => [
    ...planTable(plan, session.terminal),
    ...(plan.items.length > 0 ? [""] : []),
    ...summary(plan),
    ...(next.length === 0 ? [] : [paint.dim("Next:"), ...next.map((command) => `  ${paint.cyan(command)}`)]),
    ...(imports.length === 0 ? [] : ["Variables to give and webhooks to set up again: berth import list"]),
  ]);
  return exit;
}

const listTargets = async (api: Client) => (await body(api.v1.targets.$get())).items;

const listImports = (api: Client): Promise<Imported[]> =>
  readAll((cursor) => body(api.v1.imports.$get({ query: { limit: "100", ...(cursor !== undefined && { cursor }) } })));
