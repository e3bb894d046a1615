import { beforeAll, expect, test } from "vitest";
import { synthesize } from "../infra/synth.ts";
import { type Day, idleDay, type Schedule, schedulesOf } from "./idle.ts";

let schedules: Schedule[];
let day: Day;
beforeAll(async () => {
  schedules = schedulesOf(synthesize());
  day = await idleDay(schedules, { tenants: 100_000, paying: 40_000 });
}, 120_000);

const sum = (units: readonly number[]) => units.reduce((total, each) => total + each, 0);
const spent = ({ schedules: by }: Day) =>
  [...by].map(([name, { runs, read, write }]) => `${name}: ${runs} runs, ${read} r, ${write} w`).join("\n");

test("every schedule of the stacks runs as often as its rate says", () => {
  expect(schedules.length).toBeGreaterThan(0);
  for (const { file, name, everyMinutes } of schedules)
    expect(day.schedules.get(`${file}, ${name}`)?.runs, name).toBe((24 * 60) / everyMinutes);
});

test("a schedule that nothing counts, or that does not say how often it comes, fails", async () => {
  const unknown = [{ file: "functions/workers/forgotten.handler.ts", name: "forgotten", everyMinutes: 60 }];
  await expect(idleDay(unknown, { tenants: 1, paying: 1 })).rejects.toThrow(
    "nothing counts what functions/workers/forgotten.handler.ts does",
  );
  const renamed = [{ file: "functions/billing/reconcile.handler.ts", name: "forgotten", everyMinutes: 60 }];
  await expect(idleDay(renamed, { tenants: 1, paying: 1 })).rejects.toThrow('no billing schedule "forgotten"');
  const made = (Properties: object) => ({ data: { Resources: {} }, service: { Resources: { It: { Type: "", Properties } } } });
  const says = (Properties: object) => () => schedulesOf({ ...made(Properties), dataIsProtected: true, of: () => [] });
  expect(says({ ScheduleExpression: "cron(0 3 * * ? *)", Description: "functions/workers/sweep.handler.ts, sweep" })).toThrow(
    "It does not say",
  );
  expect(says({ ScheduleExpression: "rate(1 minute)" })).toThrow("It does not say");
});

test("an idle hour at 100,000 tenants, of whom 40,000 pay, is under 10,000 read units: 1,000 in the mean of a day, 3,000 in the worst", () => {
  const reads = day.hours.map(({ read }) => read);
  expect(sum(reads) / 24, spent(day)).toBeLessThan(1000);
  expect(Math.max(...reads), spent(day)).toBeLessThan(3000);
  expect(Math.min(...reads), "each minute looks into every shard").toBeGreaterThan(60 * 16 * 0.5);
});

test("every account that pays is compared with Stripe in the night, for a tenth of a read unit each, and in its turn synced", () => {
  const { read, write } = ["full", "continue"].reduce(
    (all, name) => {
      const part = day.schedules.get(`functions/billing/reconcile.handler.ts, ${name}`);
      return { read: all.read + (part?.read ?? 0), write: all.write + (part?.write ?? 0) };
    },
    { read: 0, write: 0 },
  );
  expect(day.compared, spent(day)).toEqual({ accounts: 40_000, subscriptions: 40_000, findings: 0 });
  expect(read, spent(day)).toBeLessThan(4000);
  expect(write, spent(day)).toBeLessThan(2000);
  expect(day.synced).toBeGreaterThan(40_000 / 7 - 100);
  expect(day.synced).toBeLessThan(40_000 / 7 + 100);
});

test("what finds nothing costs the same however many tenants there are", async () => {
  const of = async (tenants: number) => {
    const quiet = await idleDay(schedules, { tenants, paying: 0 });
    return [...quiet.schedules].map(([name, { read, write }]) => [name, read, write]);
  };
  expect(await of(20_000)).toEqual(await of(2_000));
}, 30_000);
