import { body } from "@berth/api-client/client.ts";
import type { Flags, Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { more, type Paging, pagingOptions, parsePaging, readPages } from "../terminal/page.ts";
import type { Paint } from "../terminal/paint.ts";
import { facts } from "../terminal/table.ts";
import { clean } from "../terminal/text.ts";
import type { Imported } from "./view.ts";

interface Input {
  readonly paging: Paging;
}

export const examples: Verb<Input>["examples"] = [
  ["berth import list", "what is kept of imported apps"],
  ["berth import list --all --json", "all of it, with the Compose files"],
];

export const options: NonNullable<Verb<Input>["options"]> = pagingOptions;

export const parse = (_: readonly string[], flags: Flags): Input => ({ paging: parsePaging(flags) });

/** One app: where it ran, what it needs, what it was. */
export function importedLines(kept: Imported, to: { readonly width: number; readonly paint: Paint }): string[] {
  const last = kept.releases.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt)).at(-1);
  return [
    to.paint.bold(kept.app),
    ...facts(
      [
        ["  Environments", kept.environments.join(", ")],
        ["  Ran on", kept.targets.join(", ")],
        ["  Give values for", kept.variables.join(", ")],
        [
          "  Releases",
          last &&
            `${kept.releases.length}, the last ${last.number} (${last.environment}): ${clean(last.images.join(", ")) || "no images"}`,
        ],
        ["  Set up again", kept.webhooks.map(({ repository, branch }) => clean(`${repository}#${branch}`)).join(", ")],
      ],
      to,
    ),
  ];
}

export async function run(session: Session, { paging }: Input): Promise<Exit> {
  const api = await session.api();
  const page = await readPages(paging, (query) => body(api.v1.imports.$get({ query })));
  show(session, page, () => {
    if (page.items.length === 0) return ["Nothing was imported. `berth import self-hosted FILE` does that."];
    return [
      ...page.items.flatMap((kept, i) => [...(i > 0 ? [""] : []), ...importedLines(kept, session.terminal)]),
      ...more(page.next, "berth import list"),
    ];
  });
  return exits.done;
}
