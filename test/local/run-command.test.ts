import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  type SendCommandCommandInput,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/nested-clients/sts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { enginesServer } from "../../packages/local/src/cloud/engines.ts";
import { createRunCommand } from "../../packages/local/src/ssm/run-command.ts";
import { ssmService } from "../../packages/local/src/ssm/wire.ts";
import { close, listen } from "../../packages/local/src/state/server.ts";
import { createSts } from "../../packages/local/src/sts/sts.ts";
import { stsService } from "../../packages/local/src/sts/wire.ts";
import { shellAgent } from "../support/agent.ts";

const INSTANCE = "i-0123456789abcdef0";
const ROLE = "arn:aws:iam::111122223333:role/berth";
const OTHERS = "arn:aws:iam::444455556666:role/berth";

let now = Date.now();
const sts = createSts({ now: () => now });
const commands = createRunCommand();
const server = enginesServer(
  [ssmService(new Map(), commands, sts), stsService(sts)],
  () => new Response(""),
  (error) => {
    throw error;
  },
);
let base = "";
let ssm: SSMClient;

const assume = async (RoleArn: string, ExternalId?: string) => {
  const client = new STSClient({
    endpoint: `${base}/sts`,
    region: "local",
    credentials: { accessKeyId: "x", secretAccessKey: "x" },
  });
  const { Credentials: made } = await client.send(new AssumeRoleCommand({ RoleArn, ExternalId, RoleSessionName: "berth" }));
  return {
    accessKeyId: made?.AccessKeyId ?? "",
    secretAccessKey: made?.SecretAccessKey ?? "",
    sessionToken: made?.SessionToken ?? "",
  };
};
const clientOf = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
  new SSMClient({ endpoint: `${base}/ssm`, region: "local", credentials, maxAttempts: 1 });

beforeAll(async () => {
  base = `http://127.0.0.1:${(await listen(server, 0)).port}`;
});
beforeEach(async () => {
  commands.clear();
  commands.add({ id: INSTANCE, account: "111122223333", agent: shellAgent() });
  sts.addRole({ arn: ROLE, externalId: "ten_1" });
  sts.addRole({ arn: OTHERS });
  ssm = clientOf(await assume(ROLE, "ten_1"));
});
afterAll(() => close(server));

const send = async (lines: string[], more: Partial<SendCommandCommandInput> = {}, by = ssm) => {
  const input = { InstanceIds: [INSTANCE], DocumentName: "AWS-RunShellScript", Parameters: { commands: lines }, ...more };
  return (await by.send(new SendCommandCommand(input))).Command?.CommandId ?? "";
};
const look = (CommandId: string, InstanceId = INSTANCE) => ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId }));
const ended = async (id: string) => {
  await expect(look(id)).rejects.toMatchObject({ name: "InvocationDoesNotExist" });
  for (;;) {
    const found = await look(id);
    if (!["Pending", "InProgress"].includes(String(found.Status))) return found;
  }
};

test("a command runs for real, and what it said is known from the second look on", async () => {
  const id = await send(["echo one", "echo two >&2", "exit 3"]);
  expect(await ended(id)).toMatchObject({
    Status: "Failed",
    StatusDetails: "Failed",
    ResponseCode: 3,
    StandardOutputContent: "one\n",
    StandardErrorContent: "two\n",
  });
  expect(await ended(await send(["true"]))).toMatchObject({ Status: "Success", ResponseCode: 0 });
});

test("of output there are 24,000 characters and of errors 8,000, and what is cut says so", async () => {
  const found = await ended(await send(["head -c 24001 /dev/zero | tr '\\0' x", "head -c 8001 /dev/zero | tr '\\0' y >&2"]));
  expect(found.StandardOutputContent).toHaveLength(24_000);
  expect(found.StandardOutputContent).toMatch(/x\n---Output truncated---$/);
  expect(found.StandardErrorContent).toHaveLength(8_000);
  const whole = await ended(await send(["head -c 24000 /dev/zero | tr '\\0' x"]));
  expect(whole.StandardOutputContent).toBe("x".repeat(24_000));
});

test("what AWS would not take is refused in its words", async () => {
  const refused = (name: string, lines: string[], more: Partial<SendCommandCommandInput> = {}) =>
    expect(send(lines, more), name).rejects.toMatchObject({ name });
  await refused("MaxDocumentSizeExceeded", ["x".repeat(65_536)]);
  await refused("InvalidParameters", []);
  await refused("InvalidParameters", ["true"], { Parameters: { commands: ["true"], shell: ["bash"] } });
  await refused("InvalidParameters", ["true"], { Parameters: { commands: ["true"], executionTimeout: ["172801"] } });
  await refused("InvalidDocument", ["true"], { DocumentName: "AWS-RunPowerShellScript" });
  await refused("ValidationException", ["true"], { TimeoutSeconds: 29 });
  await refused("ValidationException", ["true"], { InstanceIds: ["web1"] });
  await refused("InvalidInstanceId", ["true"], { InstanceIds: ["i-0000000000000000f"] });
  await expect(look("nothing")).rejects.toMatchObject({ name: "ValidationException" });
  await expect(look("00000000-0000-0000-0000-000000000000")).rejects.toMatchObject({ name: "InvocationDoesNotExist" });
});

test("a command ends by its own time-out or by being canceled, and its script with it", async () => {
  const late = await send(["sleep 60"], { Parameters: { commands: ["sleep 60"], executionTimeout: ["1"] } });
  expect(await ended(late)).toMatchObject({ Status: "TimedOut", StatusDetails: "ExecutionTimedOut", ResponseCode: -1 });
  const canceled = await send(["sleep 60"]);
  await expect(look(canceled)).rejects.toThrow();
  while ((await look(canceled)).Status !== "InProgress");
  await ssm.send(new CancelCommandCommand({ CommandId: canceled }));
  for (;;) {
    const { Status } = await look(canceled);
    if (Status === "InProgress") continue;
    expect(Status).toBe("Cancelled");
    break;
  }
});

test("a server that is believed to be there gets nothing and its command expires; one that is lost takes none", async () => {
  commands.ping(INSTANCE, "silent");
  const id = await send(["true"]);
  await expect(look(id)).rejects.toThrow();
  expect(await look(id)).toMatchObject({ Status: "Pending" });
  commands.expire();
  expect(await look(id)).toMatchObject({ Status: "TimedOut", StatusDetails: "DeliveryTimedOut" });
  commands.ping(INSTANCE, "lost");
  await expect(send(["true"])).rejects.toMatchObject({ name: "InvalidInstanceId" });
  const told = await ssm.send(new DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [INSTANCE] }] }));
  expect(told.InstanceInformationList).toMatchObject([{ InstanceId: INSTANCE, PingStatus: "ConnectionLost" }]);
});

test("calls are throttled as often as asked for", async () => {
  commands.refuse({ operation: "SendCommand", name: "ThrottlingException", calls: 2 });
  for (let i = 0; i < 2; i++) await expect(send(["true"])).rejects.toMatchObject({ name: "ThrottlingException" });
  expect(await send(["true"])).toMatch(/^[\da-f-]{36}$/);
});

test("a role is given to who knows its external id alone, and sees its own account's servers and commands alone", async () => {
  for (const [arn, id] of [
    [ROLE, "ten_2"],
    [ROLE, undefined],
    ["arn:aws:iam::111122223333:role/none", "ten_1"],
  ] as const)
    await expect(assume(arn, id), arn).rejects.toMatchObject({ name: "AccessDenied" });
  const id = await send(["true"]);
  const other = clientOf(await assume(OTHERS, "whatever-is-not-asked-for"));
  await expect(send(["true"], {}, other)).rejects.toMatchObject({ name: "InvalidInstanceId" });
  await expect(send(["true"], {}, clientOf({ accessKeyId: "local", secretAccessKey: "x" }))).rejects.toMatchObject({
    name: "InvalidInstanceId",
  });
  await expect(other.send(new CancelCommandCommand({ CommandId: id }))).rejects.toMatchObject({ name: "InvalidCommandId" });
  now += 3_600_000;
  await expect(send(["true"])).rejects.toMatchObject({ name: "ExpiredTokenException" });
});

test("what was sent and what came back can be read afterwards", async () => {
  await ended(await send(["echo a secret"]));
  expect(commands.history()).toMatchObject([
    { Parameters: { commands: ["echo a secret"] }, StandardOutputContent: "a secret\n" },
  ]);
});
