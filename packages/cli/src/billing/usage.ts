import { body } from "@berth/api-client/client.ts";
import type { Usage } from "@berth/api-client/types.ts";
import { offWords } from "@berth/domain/entitlement/words.ts";
import type { Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import type { Paint } from "../terminal/paint.ts";
import { facts } from "../terminal/table.ts";
import { ago, moment } from "../terminal/time.ts";

export const examples: Verb<object>["examples"] = [["berth usage", "your plan, its limits and what is used of them"]];

export const parse = (): object => ({});

/** What an entitlement means, in words, in the colour of how things stand. */
export function standing(
  { entitlement, because, graceUntil }: Pick<Usage, "entitlement" | "because" | "graceUntil">,
  paint: Paint,
  now: Date,
): string {
  switch (entitlement) {
    case "active":
      return paint.green("active");
    case "grace":
      return paint.yellow(
        `${offWords.grace.what}; in grace until ${moment(graceUntil ?? undefined)} (${ago(graceUntil ?? undefined, now)})`,
      );
    case "restricted":
      return paint.red(`${because ?? "unpaid"}: ${offWords[because ?? "unpaid"].off}, what runs goes on`);
    case "none":
      return "no plan yet";
  }
}

const BAR = 20;

function bar({ used, limit }: { used: number; limit: number }, paint: Paint): string {
  if (limit === 0) return String(used); // without a plan there is no limit to fill
  const filled = Math.min(BAR, Math.round((used / limit) * BAR));
  const tone = used >= limit ? paint.yellow : paint.green;
  return `${tone("█".repeat(filled))}${paint.dim("░".repeat(BAR - filled))} ${used} of ${limit}`;
}

type Fact = readonly [name: string, value: string | undefined];

const shorter = ({ logsShorter: later }: Usage) => (later === null ? "" : `, and ${later.days} days from ${moment(later.at)}`);

/** The plan first, then how it stands and what is used. */
export const usageFacts = (usage: Usage, { paint, now }: { paint: Paint; now: Date }): readonly [Fact, ...Fact[]] => [
  ["Plan", usage.plan ?? "none"],
  ["Standing", standing(usage, paint, now)],
  ["App slots", bar(usage.slots, paint)],
  ["Servers", bar(usage.targets, paint)],
  ["Deploys", usage.concurrent > 0 ? `${usage.concurrent} at a time` : undefined],
  ["Logs", usage.logDays > 0 ? `kept ${usage.logDays} days${shorter(usage)}` : undefined],
];

export const usageLines = (usage: Usage, look: { width: number; paint: Paint; now: Date }): string[] =>
  facts(usageFacts(usage, look), look);

export async function run(session: Session): Promise<Exit> {
  const api = await session.api();
  const { url } = await session.place();
  const usage = await body(api.v1.usage.$get());
  show(session, usage, () => [
    ...usageLines(usage, { ...session.terminal, now: session.now() }),
    ...(usage.plan === null ? ["", `Choose a plan: berth billing change <plan>, or ${url}/plans`] : []),
  ]);
  return exits.done;
}
