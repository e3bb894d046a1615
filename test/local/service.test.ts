import { afterAll, beforeAll, expect, test } from "vitest";
import { AwsError } from "../../packages/local/src/aws/error.ts";
import type { JsonService } from "../../packages/local/src/aws/json.ts";
import { jsonService, type Service } from "../../packages/local/src/aws/service.ts";
import { enginesServer } from "../../packages/local/src/cloud/engines.ts";
import { close, listen } from "../../packages/local/src/state/server.ts";

/** What packages/local/README.md says a new service is. */
function thingService(things: ReadonlyMap<string, string>): Service {
  const protocol: JsonService = {
    target: "AmazonThing",
    version: "1.1",
    namespace: "com.amazonaws.thing",
    operations: {
      GetThing: (input: { Name: string }) => {
        const Thing = things.get(input.Name);
        if (Thing === undefined) throw new AwsError("ThingNotFound", `${input.Name} does not exist`);
        return { Thing };
      },
    },
  };
  return jsonService("thing", protocol);
}

const plain: Service = {
  name: "plain",
  door: ({ method, path }) => ({ status: 200, headers: { "content-type": "text/plain" }, body: `${method} ${path}` }),
  close: () => {},
};

const server = enginesServer(
  [thingService(new Map([["one", "1"]])), plain],
  () => new Response("the control"),
  (error) => {
    throw error;
  },
);
let base = "";
beforeAll(async () => {
  base = `http://127.0.0.1:${(await listen(server, 0)).port}`;
});
afterAll(() => close(server));

const ask = async (operation: string, input: object) => {
  const answer = await fetch(`${base}/thing/`, {
    method: "POST",
    headers: { "x-amz-target": `AmazonThing.${operation}` },
    body: JSON.stringify(input),
  });
  return { status: answer.status, body: await answer.json() };
};

test("a service made as the README says answers below its own name, and refuses in its own words", async () => {
  expect(await ask("GetThing", { Name: "one" })).toEqual({ status: 200, body: { Thing: "1" } });
  expect(await ask("GetThing", { Name: "two" })).toMatchObject({
    status: 400,
    body: { __type: "com.amazonaws.thing#ThingNotFound", message: "two does not exist" },
  });
  expect(await ask("MakeThing", {})).toMatchObject({
    status: 400,
    body: { __type: "com.amazonaws.thing#UnknownOperationException" },
  });
});

test("a service of another protocol sees the path below its name; a name that no service has is 404", async () => {
  expect(await (await fetch(`${base}/plain/a/b?c=d`)).text()).toBe("GET /a/b");
  for (const name of ["nothing", "constructor", "__proto__"]) expect((await fetch(`${base}/${name}/`)).status, name).toBe(404);
  expect(await (await fetch(`${base}/_local/x`)).text()).toBe("the control");
});

test("no page of a browser is answered by an engine, whatever it sends", async () => {
  for (const origin of ["https://elsewhere.example", "null", "http://localhost:3000"])
    expect(
      (await fetch(`${base}/plain/`, { method: "POST", headers: { origin, "content-type": "text/plain" }, body: "{}" })).status,
    ).toBe(403);
});
