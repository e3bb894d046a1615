import { coloured, type Paint, plain } from "./paint.ts";

/** Where a command reads and writes, and what it may do there. */
export interface Terminal {
  /** Lines for standard output: what was asked for. */
  readonly out: (...lines: readonly string[]) => void;
  /** Lines for standard error: notes, problems. */
  readonly err: (...lines: readonly string[]) => void;
  /** Columns of standard output; without end where it is not a terminal and COLUMNS says nothing. */
  readonly width: number;
  readonly errWidth: number;
  readonly paint: Paint;
  readonly errPaint: Paint;
  /** Somebody is there to answer. */
  readonly interactive: boolean;
  /** Standard output can redraw a line. */
  readonly live: boolean;
  /** Standard output as it is, without a line's end. */
  readonly raw: (text: string) => void;
}

type Env = Readonly<Record<string, string | undefined>>;
type Stream = Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;

function colour(env: Env, stream: Stream): boolean {
  const forced = env.FORCE_COLOR;
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== "") return false;
  return stream.isTTY === true && env.TERM !== "dumb";
}

/** Machines that build have terminals too, and nobody at them. */
const isCi = ({ CI }: Env) => CI !== undefined && !["", "0", "false"].includes(CI.toLowerCase());

function columns(env: Env, stream: Stream): number {
  const given = Number(env.COLUMNS);
  if (Number.isInteger(given) && given > 0) return given;
  return (stream.isTTY && stream.columns) || Number.POSITIVE_INFINITY;
}

export function terminalOf(
  env: Env,
  streams: { readonly stdin: { readonly isTTY?: boolean }; readonly stdout: Stream; readonly stderr: Stream },
  json: boolean,
): Terminal {
  const { stdin, stdout, stderr } = streams;
  const lines =
    (stream: Stream) =>
    (...text: readonly string[]) =>
      void stream.write(text.map((line) => `${line}\n`).join(""));
  // A terminal that has no size yet cannot be drawn on.
  const able = stdout.isTTY === true && env.TERM !== "dumb" && stdout.columns > 0 && !isCi(env);
  return {
    out: lines(stdout),
    err: lines(stderr),
    width: columns(env, stdout),
    errWidth: columns(env, stderr),
    paint: colour(env, stdout) ? coloured : plain,
    errPaint: colour(env, stderr) ? coloured : plain,
    interactive: !json && stdin.isTTY === true && able,
    live: !json && able,
    raw: (text) => void stdout.write(text),
  };
}
