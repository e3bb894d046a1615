import { writeApp } from "./app.ts";
import { answers, counts } from "./releases.ts";
import { APP, type Place, type Stage } from "./stage.ts";
import { holds } from "./telling.ts";
import { createVisitor, goodCard } from "./visitor.ts";

const DAY = 86_400;

type Customer = ReturnType<typeof createVisitor>;

const email = "ada@example.com";

export async function signUp({ cloud, berth, telling }: Stage): Promise<Customer> {
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

export async function addServer({ berth, telling }: Stage, place: Place): Promise<void> {
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

export async function unpaid(stage: Stage, customer: Customer): Promise<void> {
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

export async function paid(stage: Stage, customer: Customer): Promise<void> {
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
