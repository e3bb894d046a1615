import { type Exit, RemoteError, type RunInput } from "@berth/domain/remote/remote.ts";
import { succeeded, type Tell } from "./reach.ts";

/** A server with one container that says what it is told to say, and answers for its logs as the runner does. */
export function speaking(id = "aaaaaaaaaaaa", service = "web") {
  const lines: { at: string; text: string }[] = [];
  const followers = new Set<(line: { at: string; text: string }) => void>();
  const restarts: (() => void)[] = [];
  const cuts = new Set<() => void>();
  const ends = new Set<() => void>();
  let moment = 0;
  let asked = 0;
  const tellOf = (tell: Tell) => (line: { at: string; text: string }) =>
    tell({ type: "log", at: line.at, step: `${id} ${line.at}`, service, text: line.text });
  return {
    asked: () => asked,
    following: () => followers.size,
    /** `same`: at the very moment of the line before. */
    say(text: string, same = false): void {
      if (!same) moment++;
      const line = { at: `2027-03-01T12:00:00.${String(moment).padStart(9, "0")}Z`, text };
      lines.push(line);
      for (const follower of [...followers]) follower(line);
    },
    play(input: RunInput, tell: Tell, signal?: AbortSignal): Exit | Promise<Exit> {
      asked++;
      const { begun, positions = "", follow, tail = "200" } = input.values;
      const told = tellOf(tell);
      let since = positions
        .split("\n")
        .find((line) => line.startsWith(id))
        ?.slice(id.length + 1);
      if (begun === undefined) {
        for (const line of lines.slice(Math.max(0, lines.length - Number(tail)))) told(line);
        since = lines.at(-1)?.at;
        if (since) tell({ type: "note", step: `${id} ${since} ${lines.filter(({ at }) => at === since).length}` });
        tell({ type: "note", step: "begun 2027-03-01T12:00:00Z" });
      }
      if (!follow) return succeeded();
      tell({ type: "note", step: `${id} follows` });
      for (const line of lines) if (since === undefined || line.at >= since) told(line);
      followers.add(told);
      return new Promise((resolve, reject) => {
        const over = (done: () => void) => {
          followers.delete(told);
          done();
        };
        signal?.addEventListener("abort", () => over(() => reject(new RemoteError("aborted", "let go"))), { once: true });
        cuts.add(() => over(() => reject(new RemoteError("dropped", "the line was lost"))));
        ends.add(() => over(() => resolve(succeeded())));
        restarts.push(() => {
          if (!followers.has(told)) return;
          tell({ type: "note", step: `${id} follows` });
          for (const line of lines) if (since === undefined || line.at >= since) told(line);
        });
      });
    },
    /** The container was started again: whoever follows is told from where they began. */
    restart(): void {
      for (const each of restarts) each();
    },
    /** The lines to it are lost. */
    cut: () => cutAll(cuts),
    /** What follows has come to its time. */
    end: () => cutAll(ends),
  };
}
const cutAll = (all: Set<() => void>) => {
  for (const each of [...all]) each();
  all.clear();
};
