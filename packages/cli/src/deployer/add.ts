import { body } from "@berth/api-client/client.ts";
import { jobWords } from "@berth/domain/deployer/job-words.ts";
import { once } from "../api/once.ts";
import { findApp } from "../app/name.ts";
import { withProof } from "../auth/prove.ts";
import { type Flags, isSet, textOf, type Verb } from "../command.ts";
import { type Exit, exits } from "../exit.ts";
import { usage } from "../refusal.ts";
import { note, type Session, show } from "../session.ts";

interface Input {
  readonly provider: "github";
  readonly app: string | undefined;
  readonly repository: string;
  readonly repositoryId: string | undefined;
  readonly ref: string | undefined;
  readonly jobEnvironment: string | undefined;
  readonly pullRequests: boolean;
}

export const examples: Verb<Input>["examples"] = [
  ["berth deployer add github --app shop --repository me/shop --ref refs/heads/main", "jobs on the main branch"],
  ["berth deployer add github --app shop --repository me/shop --job-environment production", "jobs that name that environment"],
];

export const options: NonNullable<Verb<Input>["options"]> = (command) =>
  command
    .option("--app <name>", "the app (default: that of this folder)")
    .option("--repository <owner/name>", "the repository, as GitHub writes it")
    .option("--ref <ref>", "only jobs on this branch or tag, like refs/heads/main")
    .option("--job-environment <name>", "only jobs that name this environment at GitHub")
    .option("--repository-id <number>", "the repository's id at GitHub (default: that of the first job)")
    .option("--pull-requests", "jobs of pull requests too; needs --job-environment");

export function parse([provider = ""]: readonly string[], flags: Flags): Input {
  if (provider !== "github") throw usage(`"${provider}" is no provider; there is one: github.`);
  const repository = textOf(flags, "repository");
  if (repository === undefined) throw usage("--repository is missing: name the repository, like --repository me/shop.");
  const ref = textOf(flags, "ref");
  if (ref !== undefined && !/^refs\/(heads|tags)\//.test(ref))
    throw usage(`--ref: "${ref}" is neither a branch nor a tag in full. The branch is refs/heads/${ref}.`);
  const jobEnvironment = textOf(flags, "jobEnvironment");
  if (ref === undefined && jobEnvironment === undefined) throw usage("Say which jobs: with --ref, --job-environment, or both.");
  return {
    provider,
    app: textOf(flags, "app"),
    repository,
    repositoryId: textOf(flags, "repositoryId"),
    ref,
    jobEnvironment,
    pullRequests: isSet(flags, "pullRequests"),
  };
}

export async function run(session: Session, input: Input): Promise<Exit> {
  const app = await findApp(session.folder, input.app);
  session.names.APP = app;
  const api = await session.api();
  const { provider, repository, repositoryId, ref, jobEnvironment, pullRequests } = input;
  const json = {
    provider,
    app,
    repository,
    ...(repositoryId !== undefined && { repositoryId }),
    ...(ref !== undefined && { ref }),
    ...(jobEnvironment !== undefined && { jobEnvironment }),
    ...(pullRequests && { pullRequests }),
  };
  const added = await withProof(session, api, () => body(api.v1.deployers.$post({ json }, once())));
  const { green, dim } = session.terminal.errPaint;
  note(session, `${green("✓")} Jobs of ${added.repository} (${jobWords(added)}) may deploy ${added.app}`);
  const { url } = await session.place();
  show(session, added, () => [added.id]);
  note(
    session,
    dim("  In the job: permissions: id-token: write, and in its environment:"),
    `  BERTH_URL: ${url}`,
    `  BERTH_DEPLOYER: ${added.id}`,
  );
  return exits.done;
}
