import { PutCommand, TransactWriteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, expect, test } from "vitest";
import { testApi } from "../support/api.ts";
import { COMPOSE, testTenant } from "../support/tenant.ts";

const api = testApi();
afterAll(() => api.close());

type Command = Parameters<typeof api.world.table.client.send>[0];

/** What the SDK throws when its own tries are used up. */
const fault = (name: string, status: number) =>
  Object.assign(new Error("secret detail"), { name, $metadata: { httpStatusCode: status } });

/** Lets requests to the table fail, before they do anything or after. */
async function failing<T>(which: (command: Command) => boolean, error: Error, when: "before" | "after", work: () => Promise<T>) {
  const { client } = api.world.table;
  const send = client.send.bind(client);
  const fail = async (...given: Parameters<typeof send>) => {
    if (!which(given[0])) return send(...given);
    if (when === "after") await send(...given);
    throw error;
  };
  client.send = fail as typeof send; // of its overloads only the one without a callback is ever called
  try {
    return await work();
  } finally {
    client.send = send;
  }
}

const writes = (command: Command) =>
  command instanceof TransactWriteCommand || command instanceof PutCommand || command instanceof UpdateCommand;

for (const [name, status] of [
  ["ThrottlingException", 400],
  ["ProvisionedThroughputExceededException", 400],
  ["TransactionConflictException", 400],
  ["RequestLimitExceeded", 400],
  ["InternalServerError", 500],
  ["TimeoutError", 0],
] as const)
  test(`a table that says ${name} is told as 503 service.busy with Retry-After, never as a bare 500, and without its words`, async () => {
    const tenant = await testTenant(api);
    const token = await tenant.token();
    const read = await failing(
      () => true,
      fault(name, status),
      "before",
      () => api.call("GET", "/v1/apps", { token }),
    );
    expect(read.status).toBe(503);
    expect(read.body).toMatchObject({ code: "service.busy", status: 503 });
    expect(read.headers.get("retry-after")).toBe("2");
    expect(read.text).not.toContain("secret detail");
  });

test("any other error of the table is ours: 500 internal, logged with its cause", async () => {
  const tenant = await testTenant(api);
  const token = await tenant.token();
  const error = fault("ValidationException", 400);
  const read = await failing(
    () => true,
    error,
    "before",
    () => api.call("GET", "/v1/apps", { token }),
  );
  expect(read.body).toMatchObject({ code: "internal", status: 500 });
  expect(api.logs.at(-1)).toMatchObject({ level: "error", facts: { error } });
});

test("a deploy whose commit was done but not answered is the same deploy when it is asked for again", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const call = {
    token: await tenant.token(),
    body: { bundle: { compose: COMPOSE, files: [], variables: {} } },
    headers: { "idempotency-key": "once" },
  };
  const ask = () => api.call("POST", "/v1/apps/shop/deployments", call);
  const unsaid = await failing(writes, fault("TimeoutError", 0), "after", ask);
  expect(unsaid.body).toMatchObject({ code: "service.busy", status: 503 });
  const again = await ask();
  expect([again.status, again.body.job?.release ?? again.body.release]).toEqual([202, 1]);
  expect(await tenant.environment("shop")).toMatchObject({ releases: 1 });
});

test("a deploy whose message cannot be sent is accepted all the same, and says so in the log", async () => {
  const tenant = await testTenant(api);
  await tenant.target();
  await tenant.app();
  const { send } = api.world;
  const mute = { ...api.world, send: () => Promise.reject(fault("ServiceUnavailable", 503)) };
  Object.assign(api.world, { send: mute.send });
  try {
    const body = { bundle: { compose: COMPOSE, files: [], variables: {} } };
    const answer = await api.call("POST", "/v1/apps/shop/deployments", { token: await tenant.token(), body });
    expect(answer.status).toBe(202);
    expect(api.logs.at(-1)).toMatchObject({ level: "error", message: "a message was not sent" });
  } finally {
    Object.assign(api.world, { send });
  }
});
