/** A figure of the benchmark: what was measured, what it may be, and whether it is. */
export interface Figure {
  readonly what: string;
  readonly budget: string;
  readonly measured: string;
  /** Undefined where there is no budget. */
  readonly met: boolean | undefined;
  /** Why it is what it is, where that is not plain. */
  readonly note?: string;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly count: number;
}

export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
  return { median: at(0.5), least: at(0), most: at(1), count: sorted.length };
}

const short = (value: number) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

export const told = ({ median, least, most }: Spread, unit: string) =>
  least === most ? `${short(median)} ${unit}` : `${short(median)} ${unit} (${short(least)} to ${short(most)})`;

/** A time against another one measured in the same run; the ratio is of the medians. */
export function ratio(what: string, most: number, ours: readonly number[], reference: readonly number[], than: string): Figure {
  const [a, b] = [spread(ours), spread(reference)];
  const times = a.median / b.median;
  return {
    what,
    budget: `≤ ${most} × ${than}`,
    measured: `${times.toFixed(2)} ×: ${told(a, "ms")} against ${told(b, "ms")}, ${a.count} runs`,
    met: times <= most,
  };
}

/** An amount that does not depend on the machine. */
export const amount = (what: string, most: number, samples: readonly number[], unit: string): Figure => {
  const all = spread(samples);
  return { what, budget: `≤ ${most} ${unit}`, measured: `${told(all, unit)}, ${all.count} runs`, met: all.median <= most };
};

const verdict = ({ met }: Figure) => (met === undefined ? "-" : met ? "met" : "missed");

/** The figures as a table of Markdown. */
export function markdown(figures: readonly Figure[]): string {
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = figures.map((each) => `| ${cell(each.what)} | ${cell(each.budget)} | ${cell(each.measured)} | ${verdict(each)} |`);
  const notes = figures.flatMap(({ what, note }) => (note ? [`- ${what}: ${note}`] : []));
  const lines = ["| what | budget | measured: median (least to most) | verdict |", "| --- | --- | --- | --- |", ...rows];
  return [...lines, ...(notes.length > 0 ? ["", ...notes] : [])].join("\n");
}

export const line = (figure: Figure) =>
  `${verdict(figure).padEnd(7)}${figure.what}: ${figure.measured}${figure.budget === "-" ? "" : `, budget ${figure.budget}`}`;
