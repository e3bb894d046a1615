import type { Addon } from "@berth/api-client/types.ts";
import { kindTitles } from "@berth/domain/addon/kind.ts";
import type { Paint } from "../terminal/paint.ts";
import { type Layout, table } from "../terminal/table.ts";
import { clean, pad, wrap } from "../terminal/text.ts";
import { ago } from "../terminal/time.ts";

const title = ({ kind, version }: Addon) => `${kindTitles[kind]} ${version}`;
const asideFact = ({ volume, version, until }: NonNullable<Addon["aside"]>[number]): [string, string] => [
  "Set aside",
  `the volume ${volume} of version ${version}; the first deployment after ${until.slice(0, 16).replace("T", " ")} UTC removes it`,
];
const receivers = ({ services }: Addon) => services?.join(", ") ?? "every service";

export const addonTable = (addons: readonly Addon[], { width, paint, now }: Layout): string[] =>
  table<Addon>(
    [
      { title: "ADD-ON", cell: ({ name }) => name, paint: (on, text) => on.bold(text) },
      { title: "KIND", cell: title, keep: 4 },
      { title: "VARIABLES", cell: ({ variables }) => Object.keys(variables).join(", "), keep: 3, least: 14 },
      { title: "FOR", cell: (addon) => clean(receivers(addon)), keep: 2, least: 8 },
      { title: "ADDED", cell: ({ addedAt }) => ago(addedAt, now), keep: 1 },
    ],
    addons,
    { width, paint },
  );

/** An add-on as a list of what it is, and the variables that services get. */
export function addonLines(addon: Addon, { width, paint }: { readonly width: number; readonly paint: Paint }): string[] {
  const { name, environment, image, args, memory, volume, variables, aside = [] } = addon;
  const facts: [string, string | undefined][] = [
    ["Add-on", name],
    ["Kind", title(addon)],
    ["Environment", environment],
    ["Image", image],
    ["Arguments", args?.join(" ")],
    ["Memory", memory && `at most ${memory}`],
    ["Data", `the volume ${volume}`],
    ...aside.map(asideFact),
    ["For", receivers(addon)],
  ];
  const shown = facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
  const wide = Math.max(...Object.keys(variables).map(({ length }) => length)) + 2;
  return [
    ...shown.flatMap(([word, text]) =>
      wrap(clean(text), width - 13).map((line, i) => `${paint.dim(pad(i === 0 ? word : "", 13))}${line}`),
    ),
    "",
    ...Object.entries(variables).flatMap(([variable, value]) =>
      width >= wide + 20
        ? wrap(value, width - wide).map((line, i) => `${paint.cyan(pad(i === 0 ? variable : "", wide))}${line}`)
        : [paint.cyan(variable), ...wrap(value, width - 2).map((line) => `  ${line}`)],
    ),
  ];
}
