import type { Cloud } from "@berth/local/cloud.ts";
import { letGo, port, visit, watchGaps, writeApp } from "./app.ts";
import type { Berth } from "./berth.ts";
import { holds, seconds, type Telling } from "./telling.ts";
import { createVisitor, goodCard } from "./visitor.ts";

/** A server the story is told on. */
export interface Place {
  readonly name: string;
  /** `user@host:port`, as the customer types it. */
  readonly address: string;
  readonly host: string;
  /** The fingerprint it must show, where it is known from elsewhere. */
  readonly fingerprint?: string;
  /** Containers made since a moment of its own clock, by service; where it can be counted. */
  created?(since: string): Promise<Record<string, number>>;
  clock?(): Promise<string>;
}

export interface Stage {
  readonly cloud: Cloud;
  readonly berth: Berth;
  readonly places: readonly Place[];
  /** A folder of the customer's own. */
  readonly folder: string;
  readonly telling: Telling;
}

const DAY = 86_400;
const APP = "shop";

/** The whole story. @throws at the first step that does not hold */
export async function tell(stage: Stage): Promise<void> {
  const { telling } = stage;
  telling.chapter("A customer signs up and pays");
  const customer = await signUp(stage);
  telling.chapter(`Adds ${stage.places.length === 1 ? "a server" : `${stage.places.length} servers`}, confirming each host key`);
  for (const place of stage.places) await addServer(stage, place);
  telling.chapter("Deploys an app of two services, with a volume");
  await firstReleases(stage);
  telling.chapter("A release that does not become healthy");
  await badRelease(stage);
  telling.chapter("Goes back to an earlier release");
  await goBack(stage);
  telling.chapter("A worker dies in the middle of a deploy");
  await killedWorker(stage);
  telling.chapter("The card starts failing, and time goes on");
  await unpaid(stage, customer);
  telling.chapter("The bill is paid");
  await paid(stage, customer);
}

type Customer = ReturnType<typeof createVisitor>;

const email = "ada@example.com";

async function signUp({ cloud, berth, telling }: Stage): Promise<Customer> {
  const customer = createVisitor(cloud.origin);
  await telling.step("signs up with a code from her mail", async () => {
    await customer.api("POST", "/auth/code", { email });
    await cloud.settle();
    const code = /\b(\d{6})\b/.exec(cloud.inbox(email)[0]?.text ?? "")?.[1];
    holds(code !== undefined, "no code came by mail");
    await customer.api("POST", "/auth/verify", { email, code });
  });
  await telling.step(
    "chooses the Pro plan and pays by card on the payment page",
    async () => {
      const { url } = await customer.api("POST", "/billing/checkout", { plan: "pro" });
      holds((await customer.open(url)).includes("$19.00"), "the page does not show the price");
      const back = await customer.submit(url, goodCard);
      const session = new URL(back).searchParams.get("session_id");
      const state = await customer.api("POST", "/billing/refresh", { session });
      holds(state.entitlement === "active" && state.plan === "pro", `the plan is ${state.plan}, ${state.entitlement}`);
      return state;
    },
    (state) => `${state.plan}, ${state.entitlement} until ${String(state.periodEnd).slice(0, 10)}`,
  );
  await telling.step("logs the command line in by confirming a short code in the browser", async () => {
    let asked: Promise<unknown> | undefined;
    const ran = await berth.run(["login", "--no-browser"], {
      onLine: (line) => {
        const code = /\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b/.exec(line)?.[0];
        if (code && !asked) asked = customer.api("POST", `/auth/device/${code}`, { approve: true });
      },
    });
    await asked;
    holds(ran.code === 0, `login exited ${ran.code}: ${ran.stderr}`);
  });
  return customer;
}

async function addServer({ berth, telling }: Stage, place: Place): Promise<void> {
  await telling.step(
    `${place.name}: lets Berth's key in, compares the fingerprint, checks Docker and disk`,
    async () => {
      const trust = place.fingerprint ? ["--fingerprint", place.fingerprint] : ["--yes"];
      const ran = await berth.run(["target", "add", place.name, place.address, "--install", ...trust]);
      holds(ran.code === 0, `target add exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
      const target = await berth.json(["target", "show", place.name]);
      holds(target.status === "ready", `the target is ${target.status}`);
      return target;
    },
    (target) => `Docker ${target.facts?.docker}, Compose ${target.facts?.compose}, ${target.facts?.arch}`,
  );
}

const deployArgs = ({ places }: Stage) => ["deploy", "--app", APP, "--yes", ...places.flatMap(({ name }) => ["--target", name])];

/** Every server answers with the release, and the visit counter went on from where it was. */
async function answers(stage: Stage, release: string, before: Map<string, number>): Promise<string> {
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

const counts = new Map<string, number>();

async function firstReleases(stage: Stage): Promise<void> {
  const { berth, folder, telling } = stage;
  for (const release of ["one", "two"]) {
    writeApp(folder, release);
    await telling.step(
      `berth deploy (${release})`,
      async () => {
        const ran = await berth.run(release === "one" ? deployArgs(stage) : ["deploy", "--app", APP], { cwd: folder });
        holds(ran.code === 0, `deploy exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
        return ran;
      },
      (ran) => ran.stdout.trim().split("\n").at(-1) ?? "",
    );
    await telling.step(`answers from outside on port ${port}, its data kept`, () => answers(stage, release, counts), String);
  }
}

async function badRelease(stage: Stage): Promise<void> {
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

async function goBack(stage: Stage): Promise<void> {
  const { berth, telling } = stage;
  await telling.step("berth rollback", async () => {
    const ran = await berth.run(["rollback", "--app", APP]);
    holds(ran.code === 0, `rollback exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
  });
  await telling.step("release one answers, its data kept", () => answers(stage, "one", counts), String);
}

async function killedWorker(stage: Stage): Promise<void> {
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
      Promise.all(places.map(({ host }) => letGo(host, "four"))),
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

async function unpaid(stage: Stage, customer: Customer): Promise<void> {
  const { berth, cloud, folder, telling } = stage;
  await telling.step(
    "a month passes and the renewal is declined",
    async () => {
      cloud.stripe.failCards("all", "card_declined");
      await cloud.advance(32 * DAY);
      const usage = await berth.json(["usage"]);
      holds(usage.entitlement === "grace", `the account is ${usage.entitlement}`);
      return usage;
    },
    (usage) => `grace until ${usage.graceUntil}`,
  );
  writeApp(folder, "five");
  await telling.step("berth deploy is refused with 402 and the date", async () => {
    const ran = await berth.run(["deploy", "--app", APP, "--json"], { cwd: folder });
    const refused = JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "{}");
    const problem = refused.problem ?? refused;
    holds(ran.code === 1 && problem.status === 402 && problem.code === "billing.grace", `it answered ${ran.stdout}${ran.stderr}`);
    holds(/^\d{4}-/.test(String(problem.until)), "no date is given");
  });
  await telling.step(
    "berth rollback still works",
    async () => {
      const ran = await berth.run(["rollback", "--app", APP]);
      holds(ran.code === 0, `rollback exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
      return answers(stage, "one", counts);
    },
    String,
  );
  await telling.step(
    "seven days later changes are off, while the app runs on",
    async () => {
      await cloud.advance(8 * DAY);
      const usage = await berth.json(["usage"]);
      holds(usage.entitlement === "restricted", `the account is ${usage.entitlement}`);
      const ran = await berth.run(["rollback", "--app", APP]);
      holds(ran.code === 1, `rollback exited ${ran.code}`);
      return answers(stage, "one", counts);
    },
    String,
  );
  holds(customer !== undefined, "the customer is gone");
}

async function paid(stage: Stage, customer: Customer): Promise<void> {
  const { berth, cloud, folder, telling } = stage;
  await telling.step("proves with a code from her mail that it is her: berth prove", async () => {
    await berth.json(["prove"]);
    await cloud.settle();
    const code = /^(\d{6}) is your Berth code/.exec(
      cloud.inbox(email).find(({ subject }) => /Berth code/.test(subject))?.subject ?? "",
    )?.[1];
    holds(code !== undefined, "no code came by mail");
    await berth.json(["prove", code]);
  });
  await telling.step("opens the portal from the command line and pays the open invoice", async () => {
    cloud.stripe.fixCards("all");
    const { portal: url } = await berth.json(["billing"]);
    const invoice = /href="(\/i\/in_[^"]+)"[^>]*>Pay now/.exec(await customer.open(url))?.[1];
    holds(invoice !== undefined, "the portal shows no open invoice");
    await customer.submit(new URL(invoice, url).href, goodCard);
    await cloud.settle();
    const usage = await berth.json(["usage"]);
    holds(usage.entitlement === "active", `the account is ${usage.entitlement}`);
  });
  await telling.step(
    "berth deploy (five) works again at once",
    async () => {
      const ran = await berth.run(["deploy", "--app", APP], { cwd: folder });
      holds(ran.code === 0, `deploy exited ${ran.code}: ${ran.stdout}${ran.stderr}`);
      return answers(stage, "five", counts);
    },
    String,
  );
}
