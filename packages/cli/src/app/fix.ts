import { diffOf, fixOf, writeFix } from "../compose/fix.ts";
import { findProject } from "../compose/project.ts";
import { type Exit, exits } from "../exit.ts";
import { type Session, show } from "../session.ts";
import { clean, marked } from "../terminal/text.ts";

/** Fixes the Compose files of this folder, as far as it can be known how; `dryRun` only shows it. */
export async function fixFiles(session: Session, dryRun: boolean): Promise<Exit> {
  const project = await findProject(session.folder, [], session.env);
  const fix = await fixOf(project, session.env);
  if (!dryRun) await writeFix(project, fix);
  const { paint, width } = session.terminal;
  const changed = fix.changes.map(({ path, before }) => ({ path, new: before === undefined }));
  show(session, { changed, said: fix.said, written: !dryRun && changed.length > 0 }, () => {
    if (fix.said.length === 0) return [`${paint.green("✓")} There is nothing to fix`];
    const said = fix.said.flatMap((line) => marked(paint.dim("·"), line, { width }));
    if (dryRun)
      return [
        ...said,
        ...fix.changes.flatMap((change) => [
          "",
          paint.bold(change.path),
          ...diffOf(change).map((line) => (line.startsWith("+") ? paint.green : paint.red)(clean(line))),
        ]),
        "",
        "Nothing was changed. Next: berth app init --fix",
      ];
    return [...said, `${paint.green("✓")} Written: ${changed.map(({ path }) => path).join(", ")}`, "  Next: berth deploy"];
  });
  return exits.done;
}
