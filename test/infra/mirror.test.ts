import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { entryOf, type FunctionName, functions, type Route } from "../../functions/manifest.ts";
import { lambdas, synthesize } from "./synth.ts";

const made = synthesize();
const entries = globSync("functions/**/*.ts")
  .filter((file) => /^export (const|async function|function) handler\b/m.test(readFileSync(file, "utf8")))
  .sort();
const names = Object.keys(functions) as FunctionName[];

test("every file below functions/ with a handler is in the manifest and ends in .handler.ts, and the manifest names no other", () => {
  expect(entries.length).toBeGreaterThan(5);
  expect(names.map(entryOf).sort()).toEqual(entries);
  expect(globSync("functions/**/*.handler.ts").sort()).toEqual(entries);
});

test("every function of the manifest is deployed, and nothing else is", () => {
  expect([...lambdas(made).keys()].sort()).toEqual(Object.keys(functions).sort());
});

test("every folder of functions/ has its file in infra/", () => {
  const folders = [...new Set(names.map((name) => name.split("/")[0]))];
  expect(globSync("infra/*.ts")).toEqual(expect.arrayContaining(folders.map((folder) => `infra/${folder}.ts`)));
});

test("the gateway has the manifest's routes and no others", () => {
  const routes: Route[] = Object.values(functions).flatMap(({ trigger }) => (trigger.kind === "http" ? [...trigger.routes] : []));
  const deployed = made.of("AWS::ApiGatewayV2::Route").map(([, { Properties }]) => Properties.RouteKey);
  expect(deployed.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
});

test("every function runs on Node 24 and arm64, ends in the manifest's time, and only so many run at once", () => {
  for (const [name, { Properties }] of lambdas(made)) {
    const { timeoutSeconds, memoryMegabytes, concurrency } = functions[name as keyof typeof functions];
    expect(Properties, name).toMatchObject({
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Timeout: timeoutSeconds,
      MemorySize: memoryMegabytes,
      ReservedConcurrentExecutions: concurrency,
    });
  }
  // What a new account has in a Region; 100 of it cannot be reserved.
  const reserved = Object.values(functions).reduce((sum, { concurrency }) => sum + concurrency, 0);
  expect(reserved).toBeLessThanOrEqual(900);
});

test("every schedule of the manifest starts its function with the schedule's name", () => {
  const wanted = Object.entries(functions).flatMap(([name, { trigger }]) =>
    trigger.kind === "schedule" ? trigger.schedules.map((schedule) => [name, schedule.name, schedule.everyMinutes]) : [],
  );
  const found = made.of("AWS::Scheduler::Schedule").map(([, { Properties }]) => {
    const [, count, unit] = /^rate\((\d+) (\w+?)s?\)$/.exec(Properties.ScheduleExpression) ?? [];
    const minutes = Number(count) * ({ minute: 1, hour: 60, day: 1440 }[unit ?? ""] ?? Number.NaN);
    const [id] = Properties.Target.Arn["Fn::GetAtt"];
    const name = [...lambdas(made)].find(([, lambda]) => lambda.id === id)?.[0];
    return [name, JSON.parse(Properties.Target.Input).schedule, minutes];
  });
  expect(found.sort()).toEqual(wanted.sort());
});

test("the event stream answers as a stream, at an address of its own", () => {
  const [[, url] = []] = made.of("AWS::Lambda::Url");
  expect(url?.Properties.InvokeMode).toBe("RESPONSE_STREAM");
  expect(url?.Properties.TargetFunctionArn["Fn::GetAtt"][0]).toBe(lambdas(made).get("api/stream")?.id);
});
