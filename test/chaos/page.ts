/** The table of docs/chaos.md: a row for each fault, replaced when that fault has been measured again. */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { spread } from "../bench/figure.ts";
import type { Outcome } from "./server-under-faults.ts";

export interface Told {
  readonly what: string;
  readonly outcomes: readonly Outcome[];
}

const page = fileURLToPath(new URL("../../docs/chaos.md", import.meta.url));
const begin = "<!-- measured -->";

export const head = [
  "| fault | runs | lost | doubled | longest without an answer | fault over to job ended, median | worst | measured (UTC) |",
  "| --- | --- | --- | --- | --- | --- | --- | --- |",
];

export const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

export function row({ what, outcomes }: Told): string {
  const bad = outcomes.filter(({ wrong }) => wrong.length > 0);
  const doubled = bad.filter(({ wrong }) => wrong.some((each) => /times/.test(each))).length;
  const settled = spread(outcomes.map(({ settledMs }) => settledMs));
  const gap = Math.max(...outcomes.map(({ gapMs }) => gapMs));
  const when = new Date().toISOString().slice(0, 16).replace("T", " ");
  const cells = [what, outcomes.length, bad.length - doubled, doubled, seconds(gap), seconds(settled.median)];
  return `| ${[...cells, seconds(settled.most), when].join(" | ")} |`;
}

/** From the kill to the server's next session for the same job. */
export function leaseLine(outcomes: readonly Outcome[]): string | undefined {
  const { median, most, count } = spread(outcomes.flatMap(({ attachedMs }) => attachedMs ?? []));
  if (count === 0) return undefined;
  return `A worker killed until the next one was attached: median ${seconds(median)}, worst ${seconds(most)} of ${count}.`;
}

/** Puts a fault's row in place of the one it had; `order` is that of the whole table. */
export function keep(told: Told, order: readonly string[]): void {
  const [before = "", after = ""] = readFileSync(page, "utf8").split(begin);
  const lines = after.split("\n");
  const rows = new Map(lines.filter((line) => line.startsWith("| ")).map((line) => [line.split(" | ")[0]?.slice(2) ?? "", line]));
  rows.set(told.what, row(told));
  const lease = leaseLine(told.outcomes) ?? lines.find((line) => line.startsWith("A worker killed"));
  const table = [...head, ...order.flatMap((what) => rows.get(what) ?? [])].join("\n");
  writeFileSync(page, `${before}${begin}\n${table}\n${lease ? `\n${lease}\n` : ""}`);
}
