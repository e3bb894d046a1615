import { body, segment } from "@berth/api-client/client.ts";
import type { App, Job } from "@berth/api-client/types.ts";
import { choiceOf, type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { watch } from "../job/watch.ts";
import { note, type Session, show } from "../session.ts";
import { agree } from "../terminal/agree.ts";
import { listed } from "../terminal/text.ts";
import { checkName } from "./name.ts";

const fates = ["keep", "delete"] as const;

interface Input {
  readonly app: string;
  readonly environment: string | undefined;
  readonly volumes: (typeof fates)[number];
  readonly detach: boolean;
  readonly yes: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth app remove shop", "asks first; volumes stay on the servers"],
  ["berth app remove shop --environment staging --yes", "one environment, without asking"],
  ["berth app remove shop --volumes delete", "with its data, for good"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("-e, --environment <name>", "the environment (default: production)")
    .option("--volumes <keep|delete>", "what becomes of its volumes (default: keep)")
    .option("-d, --detach", "do not wait for the outcome")
    .option("-y, --yes", "do not ask");

export const parse = ([app = ""]: readonly string[], flags: Flags): Input => ({
  app,
  environment: textOf(flags, "environment"),
  volumes: choiceOf(flags, "volumes", fates) ?? "keep",
  detach: isSet(flags, "detach"),
  yes: isSet(flags, "yes"),
});

export async function run(session: Session, input: Input): Promise<Exit> {
  const { app, environment = "production", volumes } = input;
  checkName(environment, "an environment's name");
  session.names.APP = app;
  const api = await session.api();
  const param = { app: segment(app) };
  const found = await body(api.v1.apps[":app"].$get({ param }));
  if (!input.yes) await agree(session, questionOf(found, { environment, volumes }));
  const answer = await api.v1.apps[":app"].$delete({ param, query: { environment, volumes } });
  const job: Job | undefined = answer.status === 202 ? await answer.json() : undefined;
  if (!job) {
    show(session, { type: "result", status: "succeeded", exit: exits.done, next: [], job: null }, () => [
      `${session.terminal.paint.green("✓")} ${app} (${environment}) is gone; it ran nowhere`,
    ]);
    return exits.done;
  }
  if (session.json) session.terminal.out(JSON.stringify({ type: "accepted", notes: [], job }));
  if (!input.detach) return watch(session, api, job);
  note(session, `It is being removed. Follow it: berth jobs watch ${job.id}`);
  return exits.done;
}

function questionOf(app: App, { environment, volumes }: Pick<Input, "volumes"> & { readonly environment: string }) {
  const targets = app.environments.find(({ name }) => name === environment)?.targets.map(({ name }) => name) ?? [];
  const what = `${app.name} (${environment})${targets.length > 0 ? ` from ${listed(targets)}` : ""}`;
  const fate = volumes === "delete" ? " and delete its volumes for good" : "";
  return {
    detail: `This removes ${what}${fate.replace("delete", "deletes")}.`,
    next: `berth app remove ${app.name} --environment ${environment} --volumes ${volumes} --yes`,
    question: `Remove ${what}${fate}?`,
  };
}
