import { body } from "@berth/api-client/client.ts";
import { type Scope, scopes } from "@berth/domain/scope.ts";
import { once } from "../api/once.ts";
import { withProof } from "../auth/prove.ts";
import { scopesOf } from "../auth/scopes.ts";
import { collect, countOf, type Flags, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { note, type Session, show } from "../session.ts";
import { moment } from "../terminal/time.ts";

interface Input {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly app: string | undefined;
  readonly days: number | undefined;
}

export const examples: Verb<Input>["examples"] = [
  ["berth token create ci --scope deploy --app shop", "for a pipeline that deploys one app"],
  ["berth token create review --scope plan --app shop", "for pull requests: it says what a deploy would do, and deploys nothing"],
  ["berth token create agent --scope read --days 7", "for somebody who may only look"],
  ["berth token create ci --scope deploy > token.txt", "only the token itself goes to the file"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--scope <scope>", `what it may do: ${scopes.join(", ")}; may be repeated (default: deploy)`, collect)
    .option("--app <name>", "only for this app")
    .option("--days <count>", "how long it is good for, at most 366 (default: 90)");

export function parse([name = ""]: readonly string[], flags: Flags): Input {
  const asked = scopesOf(flags);
  return { name, scopes: asked.length > 0 ? asked : ["deploy"], app: textOf(flags, "app"), days: countOf(flags, "days", 1, 366) };
}

export async function run(session: Session, input: Input): Promise<Exit> {
  const api = await session.api();
  const json = {
    name: input.name,
    scopes: [...input.scopes],
    ...(input.app !== undefined && { app: input.app }),
    ...(input.days !== undefined && { days: input.days }),
  };
  const token = await withProof(session, api, () => body(api.v1.tokens.$post({ json }, once())));
  const { green, dim } = session.terminal.errPaint;
  note(
    session,
    `${green("✓")} Token ${token.name} (${token.id}): may ${token.scopes.join(", ")}${token.app ? `, only ${token.app}` : ""}, until ${moment(token.expiresAt)}`,
    token.secret === null
      ? "  It was issued by an earlier try whose answer was lost, and its secret with it. Revoke it and issue another."
      : dim("  It is shown this once. Give it to a program in BERTH_TOKEN."),
  );
  show(session, token, () => (token.secret === null ? [] : [token.secret]));
  if (token.secret !== null) return exits.done;
  note(session, `  berth token revoke ${token.id}`);
  return exits.failed;
}
