import { RemoteError } from "@berth/domain/remote/remote.ts";
import { type Commands, outputOf, type Told } from "@berth/domain/remote/ssm/command.ts";
import { expect, test } from "vitest";

/** A clock that sleeping turns on. */
function clockOf() {
  let at = 0;
  return {
    now: () => new Date(at),
    sleep: async (ms: number) => {
      at += ms;
    },
    random: (bytes: number) => new Uint8Array(bytes),
  };
}

const told = (status: string, more: Partial<Told> = {}): Told => ({ status, details: status, output: "", errors: "", ...more });
const awsError = (name: string, status = 400) =>
  Object.assign(new Error(`it is ${name}`), { name, $metadata: { httpStatusCode: status } });

const SECONDS = 20;

/** What comes of a command, in how many seconds, and whether it was canceled. */
async function play(script: Partial<Commands>) {
  const clock = clockOf();
  const canceled: string[] = [];
  const commands: Commands = {
    send: () => Promise.resolve("c1"),
    told: () => Promise.resolve(told("Success", { output: "yes" })),
    cancel: async (id) => void canceled.push(id),
    ping: () => Promise.resolve(undefined),
    ...script,
  };
  const result = await outputOf(clock, commands, ["true"], { seconds: SECONDS }).catch((error: unknown) => error);
  return { result: result instanceof RemoteError ? result.class : result, seconds: clock.now().getTime() / 1000, canceled };
}

const refusing = (error: Error, times: number) => {
  let left = times;
  return () => (left-- > 0 ? Promise.reject(error) : Promise.resolve("c1"));
};

test("what a command says is waited for while AWS does not know it yet, or it is under way", async () => {
  const answers = [undefined, told("Pending"), told("Delayed"), told("InProgress"), told("Success", { output: "yes" })];
  const { result, canceled } = await play({ told: () => Promise.resolve(answers.shift()) });
  expect({ result, canceled }).toEqual({ result: "yes", canceled: [] });
});

test.each([
  ["that AWS never knows", () => Promise.resolve(undefined), "agent.silent"],
  ["that no agent takes", () => Promise.resolve(told("Pending")), "agent.silent"],
  ["that does not end", () => Promise.resolve(told("InProgress")), "timeout"],
] as const)("a command %s is given up in time, and canceled so that it does not run later", async (_, answer, expected) => {
  const { result, seconds, canceled } = await play({ told: answer });
  expect({ result, canceled }).toEqual({ result: expected, canceled: ["c1"] });
  expect(seconds).toBeGreaterThanOrEqual(SECONDS);
  expect(seconds).toBeLessThan(SECONDS + 2);
});

test.each([
  [told("TimedOut", { details: "DeliveryTimedOut" }), "agent.silent"],
  [told("Failed", { details: "Undeliverable" }), "agent.silent"],
  [told("TimedOut", { details: "ExecutionTimedOut" }), "timeout"],
  [told("Cancelled"), "dropped"],
  [told("Failed", { errors: "sh: not found" }), "dropped"],
])("a command that ended with %o is told as what it is", async (answer, expected) => {
  expect(await play({ told: () => Promise.resolve(answer) })).toMatchObject({ result: expected, canceled: [] });
});

test("AWS's asking for patience, an error of its own and a lost request are waited out", async () => {
  for (const error of [awsError("ThrottlingException"), awsError("InternalServerError", 500), new Error("socket hang up")])
    expect(await play({ send: refusing(error, 3) }), error.name).toMatchObject({ result: "yes" });
});

test.each([
  [awsError("ThrottlingException"), "aws.throttled"],
  [awsError("InternalServerError", 500), "unreachable"],
])("but not for longer than there is: %o", async (error, expected) => {
  const { result, seconds } = await play({ send: () => Promise.reject(error) });
  expect(result).toBe(expected);
  expect(seconds).toBeLessThanOrEqual(SECONDS);
});

test.each([
  [awsError("AccessDeniedException"), undefined, "role.denied"],
  [awsError("ExpiredTokenException"), undefined, "role.denied"],
  [awsError("InvalidInstanceId"), undefined, "agent.missing"],
  [awsError("InvalidInstanceId"), "ConnectionLost", "agent.silent"],
  [awsError("InvalidDocument"), undefined, "unreachable"],
])("what will not pass is told at once: %o where the agent is %s", async (error, ping, expected) => {
  const { result, seconds } = await play({ send: () => Promise.reject(error), ping: () => Promise.resolve(ping) });
  expect({ result, seconds }).toEqual({ result: expected, seconds: 0 });
});
