import { writeSync } from "node:fs";
import { exits } from "../exit.ts";

/** Whoever reads our output has stopped (`berth audit | head`): we end without a word. Any other failure is one, since what was asked for is not there. */
function ended(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(exits.done);
  const why = reasons[error.code ?? ""] ?? error.message;
  try {
    writeSync(2, `✗ The output cannot be written\n  ${why}.\n`);
  } catch {
    // Then there is nowhere left to say it; the exit code does.
  }
  process.exit(exits.failed);
}

const reasons: Record<string, string> = {
  ENOSPC: "There is no space left on the disk",
  EDQUOT: "The disk's quota is used up",
  EFBIG: "The file is as large as it may be",
  EIO: "The disk or the terminal failed",
};

export function watchOutput(): void {
  process.stdout.on("error", ended);
  process.stderr.on("error", ended);
}

/** When all has been written, or has failed and was told. */
export const written = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => {
    stream.write("", () => setImmediate(resolve));
  });
