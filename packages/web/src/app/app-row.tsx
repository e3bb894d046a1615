import type { App, Job } from "@berth/api-client/types.ts";
import { Link } from "wouter-preact";
import { Status, type Tone } from "../ui/status.tsx";
import { Ago } from "../ui/time.tsx";

type EnvironmentView = App["environments"][number];

const states: Record<EnvironmentView["state"], { tone: Tone; word: string }> = {
  running: { tone: "good", word: "Running" },
  degraded: { tone: "bad", word: "Degraded" },
  stopped: { tone: "bad", word: "Stopped" },
  unknown: { tone: "wait", word: "Not known" },
};

/** How an environment is, by what was last seen of it and what is under way. */
export function environmentStatus(environment: EnvironmentView, busy: boolean): { tone: Tone; word: string } {
  if (busy) return { tone: "busy", word: "Changing" };
  const live = environment.targets.filter(({ release }) => release !== null);
  if (live.length === 0) return { tone: "off", word: "Not live" };
  if (environment.seenAt === null) return { tone: "wait", word: "Not seen yet" };
  const mixed = new Set(environment.targets.map(({ release }) => release)).size > 1;
  return environment.state === "running" && mixed ? { tone: "wait", word: "Differs by target" } : states[environment.state];
}

/** When that was. */
export const SeenAgo = ({ at }: { at: string | null }) =>
  at === null ? null : (
    <span class="sub">
      seen <Ago at={at} />
    </span>
  );

/** An app at its place: what serves where, by environment. */
export function AppRow({ app, running }: { app: App; running: ReadonlyMap<string, Job> }) {
  return (
    <li class="card card-column" aria-labelledby={`a-${app.id}`}>
      <div class="card-head">
        <h2 id={`a-${app.id}`}>
          <Link href={`/apps/${encodeURIComponent(app.name)}`}>{app.name}</Link>
        </h2>
        {!app.slot && <span class="tag">no slot taken</span>}
      </div>
      {app.environments.length === 0 ? (
        <p class="sub">
          Not deployed yet. <code>berth deploy --app {app.name}</code>
        </p>
      ) : (
        <ul class="environments">
          {app.environments.map((environment) => (
            <EnvironmentLine key={environment.name} environment={environment} job={running.get(environment.job ?? "")} />
          ))}
        </ul>
      )}
    </li>
  );
}

function EnvironmentLine({ environment, job }: { environment: EnvironmentView; job: Job | undefined }) {
  const { tone, word } = environmentStatus(environment, job !== undefined);
  return (
    <li class="environment">
      <span class="environment-name">{environment.name}</span>
      <Serving targets={environment.targets} />
      {!job && <SeenAgo at={environment.seenAt} />}
      {job ? (
        <Link href={`/jobs/${encodeURIComponent(job.id)}`}>
          <Status tone={tone}>{word}</Status>
        </Link>
      ) : (
        <Status tone={tone}>{word}</Status>
      )}
    </li>
  );
}

/** Which release serves on which target. */
export function Serving({ targets }: { targets: EnvironmentView["targets"] }) {
  if (targets.length === 0) return <span class="sub">on no target</span>;
  return (
    <ul class="serving">
      {targets.map(({ id, name, release }) => (
        <li key={id}>
          <span class="serving-release">{release === null ? "none" : `release ${release}`}</span> on {name}
        </li>
      ))}
    </ul>
  );
}
