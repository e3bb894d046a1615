import type { Variable, VariableHistory } from "@berth/api-client/types.ts";
import { whoText } from "../audit/who.ts";
import type { Paint } from "../terminal/paint.ts";
import { table } from "../terminal/table.ts";
import { ago } from "../terminal/time.ts";

interface Look {
  readonly width: number;
  readonly paint: Paint;
  readonly now: Date;
}

export const variableTable = (variables: readonly Variable[], { width, paint, now }: Look): string[] =>
  table<Variable>(
    [
      { title: "NAME", cell: ({ name }) => name, paint: (on, text) => on.bold(text) },
      ...(variables.some(({ namespace }) => namespace !== "default")
        ? [{ title: "NAMESPACE", cell: ({ namespace }: Variable) => namespace, keep: 3, least: 7 }]
        : []),
      { title: "VERSION", cell: ({ version }) => String(version), right: true, keep: 1 },
      { title: "CHANGED", cell: ({ changedAt }) => ago(changedAt, now), keep: 2 },
    ],
    variables,
    { width, paint },
  );

export const historyTable = ({ versions }: VariableHistory, { width, paint, now }: Look): string[] =>
  table<VariableHistory["versions"][number]>(
    [
      { title: "VERSION", cell: ({ version }) => String(version), right: true },
      { title: "CHANGED", cell: ({ at }) => ago(at, now) },
      { title: "BY", cell: ({ by }) => whoText(by), keep: 1, least: 12 },
    ],
    versions,
    { width, paint },
  );
