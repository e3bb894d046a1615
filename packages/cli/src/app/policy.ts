import { body } from "@berth/api-client/client.ts";
import { type Access, accesses, type Rule, rules } from "@berth/domain/entitlement/access.ts";
import { once } from "../api/once.ts";
import { collect, type Flags, isSet, listOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { type Session, show } from "../session.ts";
import { type Column, table } from "../terminal/table.ts";
import { accessOf } from "./accesses.ts";
import { findApp } from "./name.ts";

interface Input {
  readonly app: string | undefined;
  readonly account: boolean;
  /** What is to be changed; undefined for a rule that is taken back. */
  readonly set: Readonly<Partial<Record<Access, Rule | undefined>>>;
}

export const examples: Verb<Input>["examples"] = [
  ["berth app policy", "what the deployments of this folder's app may have"],
  ["berth app policy shop --set privileged=deny --set host-path=ask", "two rules of an app"],
  ["berth app policy --account --set docker.sock=deny", "a rule of all apps"],
  ["berth app policy shop --set host-path=default", "take a rule back"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--account", "the policy of the account, which holds for all apps")
    .option(
      "--set <access=rule>",
      `of ${accesses.join(", ")}; allow, warn (the default), ask (--allow at each deploy), deny, or default to take it back; may be repeated`,
      collect,
    );

export const parse = ([app]: readonly string[], flags: Flags): Input => ({
  app,
  account: isSet(flags, "account"),
  set: Object.fromEntries(listOf(flags, "set").map(ruleOf)),
});

function ruleOf(text: string): [Access, Rule | undefined] {
  const [name = "", said = ""] = text.split("=");
  const access = accessOf(name, "--set");
  const rule = rules.find((each) => each === said);
  if (rule === undefined && said !== "default")
    throw usage(`--set ${access}: a rule is one of ${rules.join(", ")}, or default.`, "berth app policy");
  return [access, rule];
}

export async function run(session: Session, { app: named, account, set }: Input): Promise<Exit> {
  if (account && named !== undefined) throw usage("Name an app, or --account for all of them.", "berth app policy --account");
  const app = account ? undefined : await findApp(session.folder, named);
  session.names.APP = app;
  const api = await session.api();
  const of = app === undefined ? {} : { app };
  let found = await body(api.v1.policy.$get({ query: of }));
  if (Object.keys(set).length > 0) {
    const next = Object.fromEntries(Object.entries({ ...found.rules, ...set }).filter(([, rule]) => rule !== undefined));
    found = await body(api.v1.policy.$post({ json: { ...of, rules: next } }, once()));
  }
  const { effective, rules: own } = found;
  show(session, found, () => {
    const columns: Column<Access>[] = [
      { title: "ACCESS", cell: (access) => access },
      { title: "RULE", cell: (access) => effective[access] },
      { title: "FROM", cell: (access) => sourceOf(own[access], effective[access], app) },
    ];
    return table(columns, accesses, session.terminal);
  });
  return exits.done;
}

function sourceOf(own: string | undefined, effective: string, app: string | undefined): string {
  if (own === effective) return app === undefined ? "the account" : `the app ${app}`;
  return app !== undefined && effective !== "warn" ? "the account" : "default";
}
