import { port, releaseHold, visit, watchGaps, writeApp } from "./app.ts";
import { APP, type Stage } from "./stage.ts";
import { holds, seconds } from "./telling.ts";

const deployArgs = ({ places }: Stage) => ["deploy", "--app", APP, "--yes", ...places.flatMap(({ name }) => ["--target", name])];

/** Every server answers with the release, and the visit counter went on from where it was. */
export async function answers(stage: Stage, release: string, before: Map<string, number>): Promise<string> {
  const seen: string[] = [];
  for (const place of stage.places) {
    const found = await visit(place.host);
    const last = before.get(place.name) ?? 0;
    holds(found.release === release, `${place.name} answers ${found.release}, not ${release}`);
    holds(found.visits > last, `${place.name} counted ${found.visits} after ${last}: its data is gone`);
    before.set(place.name, found.visits);
    seen.push(`${place.name}: ${found.release}, visit ${found.visits}`);
  }
  return seen.join("; ");
}

export const counts = new Map<string, number>();

/** Deploys what the folder has, and holds that every server answers with it. */
async function deployed(stage: Stage, release: string, title: string, args: readonly string[]): Promise<void> {
  const { berth, folder, telling } = stage;
  await telling.step(
    title,
    async () => {
      const ran = await berth.run(args, { cwd: folder });
      holds(ran.code === 0, `deploy exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
      return ran;
    },
    (ran) => ran.stdout.trim().split("\n").at(-1) ?? "",
  );
  await telling.step(`answers from outside on port ${port}, its data kept`, () => answers(stage, release, counts), String);
}

export async function firstRelease(stage: Stage): Promise<void> {
  writeApp(stage.folder, "one");
  await deployed(stage, "one", "berth deploy (one)", deployArgs(stage));
}

/** What a deploy would do is known before, and just that is done. */
export async function plannedRelease(stage: Stage): Promise<void> {
  const { berth, folder, telling } = stage;
  writeApp(folder, "two");
  const planned = await telling.step("berth plan (two) says what would happen on each server, and why", async () => {
    const ran = await berth.run(["plan", "--app", APP], { cwd: folder });
    holds(ran.code === 0 && /redis stays as it is/.test(ran.stdout), `plan exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
    return ran.stdout.trim().split("\n");
  });
  for (const line of planned.filter((each) => each !== "")) telling.note(line);
  const hash = / --plan ([0-9a-f]{16})$/m.exec(planned.join("\n"))?.[1] ?? "";
  await telling.step("the plan of other files is refused, and nothing is done", async () => {
    writeApp(folder, "another");
    const ran = await berth.run(["deploy", "--app", APP, "--plan", hash], { cwd: folder });
    holds(
      ran.code === 1 && /plan\.stale|no longer holds/.test(ran.stderr),
      `deploy exited ${ran.code}: ${ran.stdout}${ran.stderr}`,
    );
    writeApp(folder, "two");
  });
  await deployed(stage, "two", `berth deploy --plan ${hash}`, ["deploy", "--app", APP, "--plan", hash]);
}

export async function badRelease(stage: Stage): Promise<void> {
  const { berth, folder, telling, places } = stage;
  writeApp(folder, "three", false);
  const stops = places.map((place) => watchGaps(place.host));
  const ran = await telling.step(
    "berth deploy (three) says that it failed, and why, and exits non-zero",
    async () => {
      const failed = await berth.run(["deploy", "--app", APP], { cwd: folder });
      holds(failed.code === 1, `deploy exited ${failed.code}: ${failed.stdout}${failed.stderr}`);
      holds(/health/i.test(failed.stdout + failed.stderr), `it does not say what failed: ${failed.stdout}${failed.stderr}`);
      return failed;
    },
    ({ code, milliseconds }) => `exit ${code} after ${seconds(milliseconds)}`,
  );
  for (const line of (ran.stdout + ran.stderr).trim().split("\n").slice(-6)) telling.note(line);
  const gaps = await Promise.all(stops.map((stop) => stop()));
  await telling.step("release two answers again by itself, its data kept", () => answers(stage, "two", counts), String);
  for (const [i, gap] of gaps.entries())
    telling.note(
      `${places[i]?.name}: ${seconds(gap.longest)} without an answer at the longest, ${gap.answered} answers, ${gap.missed} misses`,
    );
  telling.note(
    "A service that publishes a host port cannot run twice beside itself, so it is down for a moment while one release takes over from the other.",
  );
}

export async function goBack(stage: Stage): Promise<void> {
  const { berth, telling } = stage;
  await telling.step("berth rollback", async () => {
    const ran = await berth.run(["rollback", "--app", APP]);
    holds(ran.code === 0, `rollback exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
  });
  await telling.step("release one answers, its data kept", () => answers(stage, "one", counts), String);
}

export async function killedWorker(stage: Stage): Promise<void> {
  const { berth, cloud, folder, places, telling } = stage;
  // Not healthy until it is let go: the deploy lasts as long as the story needs, on a fast machine and on a slow one.
  writeApp(folder, "four", true, { held: true });
  const since = await Promise.all(places.map((place) => place.clock?.()));
  const waiting = new Set(places.map(({ name }) => name));
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const deploying = berth.run(["deploy", "--app", APP, "--json"], {
    cwd: folder,
    onLine: (line) => {
      if (!/"step":"verify"/.test(line)) return;
      waiting.delete(JSON.parse(line).name);
      if (waiting.size === 0) begin();
    },
  });
  await telling.step("berth deploy (four): started on every server, and not healthy yet", async () => {
    const ran = await Promise.race([begun, deploying]);
    holds(ran === undefined, `deploy was over before: exit ${ran?.code}: ${ran?.stdout.slice(-500)}${ran?.stderr}`);
  });
  await telling.step(
    "kill -9 to every worker that watches it",
    async () => {
      const watching = cloud.workers().filter(({ running }) => running.some((name) => name.includes("rollout")));
      const killed = watching.filter(({ pid }) => cloud.killWorker(pid)).length;
      holds(killed > 0, "no worker was at work");
      return killed;
    },
    (killed) => `${killed} killed`,
  );
  const lapse = setInterval(() => void cloud.runSchedule("sweep"), 5000); // the schedule's minute, shortened for the story
  try {
    await telling.step("on the servers it goes on without them: it becomes healthy now", () =>
      Promise.all(places.map(({ host }) => releaseHold(host, "four"))),
    );
    await telling.step(
      "other workers find how it came out, and the deploy ends well",
      async () => {
        const ran = await deploying;
        holds(ran.code === 0, `deploy exited ${ran.code}: ${ran.stdout.slice(-500)}${ran.stderr}`);
        return ran;
      },
      ({ milliseconds }) => `${seconds(milliseconds)} in all`,
    );
  } finally {
    clearInterval(lapse);
  }
  await telling.step("release four answers, its data kept", () => answers(stage, "four", counts), String);
  for (const [i, place] of places.entries()) {
    const from = since[i];
    if (!place.created || from === undefined) continue;
    await telling.step(
      `${place.name}: Docker's own log shows each container made once`,
      async () => {
        const made = (await place.created?.(from)) ?? {};
        holds(made.web === 1, `web was made ${made.web ?? 0} times`);
        holds((made.redis ?? 0) <= 1, `redis was made ${made.redis} times`);
        return made;
      },
      (made) => JSON.stringify(made),
    );
  }
}
