import { groups, type Listed, verb } from "../command.ts";

/** Completes all commands, itself among them. */
export const completion = (all: () => readonly Listed[]): Listed => ({
  group: groups.signIn,
  ...verb("completion", "<shell>", "Print completions for bash, zsh or fish", async () =>
    (await import("./completion.ts")).completionOf(all()),
  ),
});
