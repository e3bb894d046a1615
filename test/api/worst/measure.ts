/** What the worst requests cost, in a process of its own: its time and its memory are nobody else's. Answers one line of JSON. */
import { parseArgs } from "node:util";
import { catalogue, Problem } from "@berth/domain/error.ts";
import { testApi } from "../../support/api.ts";
import { testTenant } from "../../support/tenant.ts";
import { type Worst, worstOf } from "./requests.ts";
import { plainOf, type Route, routes } from "./routes.ts";

export interface Cost {
  readonly route: string;
  readonly shape: string;
  readonly milliseconds: number;
  /** Of a plain request that is as large. */
  readonly plain: number;
  readonly status: number;
}

export interface Measured {
  readonly requests: number;
  readonly routes: number;
  /** Those that cost most, dearest first. */
  readonly dearest: readonly Cost[];
  /** What is nothing to speak of, in milliseconds. */
  readonly floor: number;
  /** Past the ceiling in each of three runs. */
  readonly over: readonly Cost[];
  /** Answered by a failure of ours, or by none of the catalogue's refusals. */
  readonly broken: readonly (Cost & { readonly text: string })[];
  /** Routes whose plain body does not pass. */
  readonly unfit: readonly string[];
  /** What the process held at most, in MB, and what before the first of these requests. */
  readonly memory: number;
  readonly before: number;
  /** The shape that it held most of. */
  readonly heaviest: { readonly shape: string; readonly grew: number };
}

/** Times what plain input of the same size costs; and times what the dearest plain input of all costs, which is nothing to speak of. */
const TIMES = 10;
const FLOOR_TIMES = 25;

const api = testApi({ stripe: () => Promise.reject(new Problem("billing.unavailable")) });
const ids: Record<string, string> = { app: "shop", target: "web1", job: "job_1", number: "1", code: "BCDF-GHJK" };
const broken: Measured["broken"][number][] = [];

/** A tenant for each route, who pays: some end what the next would need. */
async function tokenOfOne(): Promise<string> {
  const tenant = await testTenant(api, { plan: "studio" });
  await tenant.target();
  await tenant.app();
  return tenant.token(["admin", "billing"]);
}
let token = "";

async function ask(route: Route, { values = {}, headers = {} }: Pick<Worst, "values" | "headers">, body: string | undefined) {
  const query = new URLSearchParams(
    route.parameters
      .filter((each) => each.in === "query" && values[each.name])
      .map(({ name }) => [name, values[name]?.toWellFormed() ?? ""]),
  );
  const path = route.path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent((values[name] ?? ids[name] ?? "x").toWellFormed()),
  );
  const from = process.cpuUsage();
  const answer = await api.call(route.method, `${path}?${query}`, {
    ...(route.scope !== "public" && { token }),
    ...(body !== undefined && { body }),
    headers,
  });
  const { user, system } = process.cpuUsage(from);
  return { milliseconds: (user + system) / 1000, status: answer.status, code: answer.body?.code, text: answer.text };
}

/** The least of some runs: what else the machine does can only add. Limits of how often something may be asked are waited out. */
async function costOf(route: Route, worst: Pick<Worst, "values" | "headers">, body: string | undefined, enough: number) {
  let best = await ask(route, worst, body);
  for (let run = 1; run < 3 && (best.milliseconds > enough || best.status === 429); run++) {
    if (best.status === 429) await api.clock.advance(900);
    const next = await ask(route, worst, body);
    best = best.status === 429 || next.milliseconds < best.milliseconds ? next : best;
  }
  return best;
}

/** A plain body of so many bytes: the padding is a member that no route knows. */
function padded(route: Route, size: number): string {
  const plain = plainOf(route.body ?? {}) as object;
  return JSON.stringify({ ...plain, padding: "a".repeat(Math.max(0, size - JSON.stringify(plain).length - 20)) });
}

const costs: Cost[] = [];
const unfit: string[] = [];
let requests = 0;
const { values: given } = parseArgs({
  options: {
    route: { type: "string", default: "" },
    shape: { type: "string", default: "" },
    body: { type: "string", default: String(1024 * 1024) },
    compose: { type: "string", default: String(256 * 1024) },
    tell: { type: "string", default: "10" },
    /** Milliseconds past which a request is asked again, to count the least. */
    enough: { type: "string", default: "1000000" },
    say: { type: "boolean", default: false },
  },
});
const only = given.route;
const asked = routes.filter(({ id }) => only === "" || id === only);
const wanted = new RegExp(given.shape);

const plains = new Map<Route, number>();
for (const route of asked) {
  token = await tokenOfOne();
  const body = route.body && padded(route, route.bodyBytes - 100);
  const runs = [];
  for (let i = 0; i < 5; i++) runs.push(await ask(route, {}, body));
  plains.set(route, Math.min(...runs.map(({ milliseconds }) => milliseconds)));
  const [first] = runs;
  if (first?.code === "input.invalid" || first?.code === "auth.required") unfit.push(`${route.id}: ${first.text}`);
}
const floor = FLOOR_TIMES * Math.max(...plains.values());
const held = () => process.resourceUsage().maxRSS / 1024;
const before = held();
let heaviest = { shape: "", grew: 0 };

for (const route of asked) {
  token = await tokenOfOne();
  const alike = new Map<string, number>();
  for (const worst of worstOf(route, { body: Number(given.body), compose: Number(given.compose) })) {
    if (!wanted.test(worst.shape)) continue;
    if (worst.plain && !alike.has(worst.plain.name))
      alike.set(worst.plain.name, (await costOf(route, {}, worst.plain.body(), 0)).milliseconds);
    const plain = (worst.plain && alike.get(worst.plain.name)) ?? plains.get(route) ?? 0;
    const ceiling = Math.max(floor, TIMES * plain);
    const body = worst.body?.();
    const was = held();
    const { milliseconds, status, code, text } = await costOf(route, worst, body, Math.min(ceiling, Number(given.enough)));
    requests++;
    const cost = { route: route.id, shape: worst.shape, milliseconds, plain, status };
    costs.push(cost);
    if (given.say && milliseconds > 100)
      process.stderr.write(
        `${milliseconds.toFixed(0)} ${plain.toFixed(1)} ${status} ${held().toFixed(0)}MB ${route.id} ${worst.shape}\n`,
      );
    if (held() - was > heaviest.grew) heaviest = { shape: `${route.id}: ${worst.shape}`, grew: held() - was };
    if (status >= 500 ? code !== "billing.unavailable" : status >= 400 && !(code in catalogue))
      broken.push({ ...cost, text: text.slice(0, 300) });
  }
}
api.close();
costs.sort((a, b) => b.milliseconds - a.milliseconds);
const measured: Measured = {
  requests,
  routes: asked.length,
  dearest: costs.slice(0, Number(given.tell)),
  floor,
  over: costs.filter(({ milliseconds, plain }) => milliseconds > Math.max(floor, TIMES * plain)),
  broken,
  unfit,
  memory: held(),
  before,
  heaviest,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
