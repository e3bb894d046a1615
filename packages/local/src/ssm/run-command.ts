import { randomUUID } from "node:crypto";
import { AwsError } from "../aws/error.ts";
import type { Caller } from "../sts/sts.ts";

/** What the agent of a server does with a script. A signal that is aborted ends the script. */
export type Agent = (script: string, signal: AbortSignal) => Promise<{ code: number; stdout: string; stderr: string }>;

/**
 * `online` answers; `silent` is believed to and does not, so that what is sent to it is never delivered; `lost` has not been heard of for a
 * while, and nothing is taken for it.
 */
export type Ping = "online" | "silent" | "lost";

interface Server {
  readonly id: string;
  readonly account: string;
  readonly agent: Agent;
  ping: Ping;
}

export interface SendCommand {
  readonly InstanceIds?: readonly string[];
  readonly DocumentName?: string;
  readonly Parameters?: Readonly<Record<string, readonly string[]>>;
  readonly TimeoutSeconds?: number;
  readonly Comment?: string;
}

/** As GetCommandInvocation tells it, with what ListCommands keeps beside it: all that can be read of a command afterwards. */
export interface Invocation {
  readonly CommandId: string;
  readonly InstanceId: string;
  readonly DocumentName: string;
  readonly Parameters: Readonly<Record<string, readonly string[]>>;
  readonly Comment: string;
  Status: "Pending" | "InProgress" | "Success" | "Failed" | "TimedOut" | "Cancelled";
  StatusDetails: string;
  /** -1 until it has ended by itself. */
  ResponseCode: number;
  StandardOutputContent: string;
  StandardErrorContent: string;
}

interface Sent {
  readonly invocation: Invocation;
  readonly account: string;
  readonly stopping: AbortController;
  /** Times that it is not known yet, just after it was sent. */
  unknown: number;
}

export interface RunCommand {
  /** A server whose agent has registered, in an account. */
  add(server: { id: string; account: string; agent: Agent }): void;
  remove(id: string): void;
  ping(id: string, ping: Ping): void;
  /** The next calls of that operation are refused, such as `{ operation: "SendCommand", name: "ThrottlingException", calls: 3 }`. */
  refuse(refusal: { operation: Operation; name: string; message?: string; calls: number }): void;
  /** The time is over in which commands to silent servers may be delivered. */
  expire(): void;
  /** Everything that the account's people can read of the commands sent so far. */
  history(): readonly Invocation[];
  readonly calls: Readonly<Record<Operation, number>>;
  send(caller: Caller | undefined, input: SendCommand): object;
  invocation(caller: Caller | undefined, input: { CommandId?: string; InstanceId?: string }): object;
  cancel(caller: Caller | undefined, input: { CommandId?: string }): object;
  information(caller: Caller | undefined, input: { Filters?: readonly { Key?: string; Values?: readonly string[] }[] }): object;
  clear(): void;
}

const operations = ["SendCommand", "GetCommandInvocation", "CancelCommand", "DescribeInstanceInformation"] as const;
export type Operation = (typeof operations)[number];

/** A document may have that many bytes, and a command's parameters are part of one. */
export const PARAMETERS_MOST = 65_536;
export const OUTPUT_MOST = 24_000;
export const ERROR_MOST = 8_000;
const instanceId = /^(i-([0-9a-f]{8}|[0-9a-f]{17})|mi-[0-9a-f]{17})$/;

/** Run Command with AWS's limits. The agents run what they are sent for real. */
export function createRunCommand(): RunCommand {
  const servers = new Map<string, Server>();
  const sent = new Map<string, Sent>();
  const refusals: { operation: Operation; name: string; message: string; left: number }[] = [];
  const calls: Record<Operation, number> = {
    SendCommand: 0,
    GetCommandInvocation: 0,
    CancelCommand: 0,
    DescribeInstanceInformation: 0,
  };

  function take(operation: Operation): void {
    calls[operation] += 1;
    const found = refusals.find((each) => each.operation === operation && each.left > 0);
    if (!found) return;
    found.left -= 1;
    throw new AwsError(found.name, found.message);
  }

  function find(caller: Caller | undefined, id: string | undefined): Sent {
    if (!/^[\da-f-]{36}$/.test(id ?? ""))
      throw new AwsError("ValidationException", "Value at 'commandId' does not match its pattern");
    const found = sent.get(id ?? "");
    if (!found || found.account !== caller?.account) throw new AwsError("InvalidCommandId", "");
    return found;
  }

  async function deliver({ invocation, stopping }: Sent, agent: Agent): Promise<void> {
    await Promise.resolve();
    if (invocation.Status !== "Pending") return;
    Object.assign(invocation, { Status: "InProgress", StatusDetails: "InProgress" });
    const seconds = Number(invocation.Parameters.executionTimeout?.[0] ?? 3600);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      stopping.abort();
    }, seconds * 1000);
    const script = `${(invocation.Parameters.commands ?? []).join("\n")}\n`;
    const { code, stdout, stderr } = await agent(script, stopping.signal).finally(() => clearTimeout(timer));
    const ended = late
      ? ({ Status: "TimedOut", StatusDetails: "ExecutionTimedOut" } as const)
      : stopping.signal.aborted
        ? ({ Status: "Cancelled", StatusDetails: "Cancelled" } as const)
        : code === 0
          ? ({ Status: "Success", StatusDetails: "Success" } as const)
          : ({ Status: "Failed", StatusDetails: "Failed" } as const);
    Object.assign(invocation, ended, {
      ResponseCode: stopping.signal.aborted ? -1 : code,
      StandardOutputContent: cut(stdout, OUTPUT_MOST),
      StandardErrorContent: cut(stderr, ERROR_MOST),
    });
  }

  return {
    calls,
    add: ({ id, account, agent }) => void servers.set(id, { id, account, agent, ping: "online" }),
    remove: (id) => void servers.delete(id),
    ping(id, ping) {
      const found = servers.get(id);
      if (!found) throw new Error(`there is no server ${id}`);
      found.ping = ping;
    },
    refuse: ({ operation, name, message = "Rate exceeded", calls: left }) =>
      void refusals.push({ operation, name, message, left }),
    expire() {
      for (const { invocation } of sent.values())
        if (invocation.Status === "Pending") Object.assign(invocation, { Status: "TimedOut", StatusDetails: "DeliveryTimedOut" });
    },
    history: () => [...sent.values()].map(({ invocation }) => invocation),
    send(caller, input) {
      take("SendCommand");
      const { InstanceIds: ids = [], DocumentName = "", Parameters = {}, TimeoutSeconds = 3600, Comment = "" } = input;
      judge(input);
      const [id = ""] = ids;
      const server = servers.get(id);
      if (!server || server.account !== caller?.account || server.ping === "lost")
        throw new AwsError(
          "InvalidInstanceId",
          `Instances [[${id}]] not in a valid state for account ${caller?.account ?? "of Berth"}`,
        );
      const invocation: Invocation = {
        ...{ CommandId: randomUUID(), InstanceId: id, DocumentName, Parameters, Comment },
        ...{ Status: "Pending", StatusDetails: "Pending", ResponseCode: -1, StandardOutputContent: "", StandardErrorContent: "" },
      };
      const made: Sent = { invocation, account: server.account, stopping: new AbortController(), unknown: 1 };
      sent.set(invocation.CommandId, made);
      if (server.ping === "online") void deliver(made, server.agent);
      const { CommandId, Status, StatusDetails } = invocation;
      return {
        Command: { CommandId, DocumentName, Parameters, InstanceIds: ids, Status, StatusDetails, TimeoutSeconds, Comment },
      };
    },
    invocation(caller, { CommandId, InstanceId }) {
      take("GetCommandInvocation");
      const missing = new AwsError("InvocationDoesNotExist", "");
      if (!sent.has(CommandId ?? "") && /^[\da-f-]{36}$/.test(CommandId ?? "")) throw missing;
      const found = find(caller, CommandId);
      if (found.invocation.InstanceId !== InstanceId || found.unknown-- > 0) throw missing;
      const { Parameters: _kept, ...told } = found.invocation;
      return { ...told, PluginName: "aws:runShellScript" };
    },
    cancel(caller, { CommandId }) {
      take("CancelCommand");
      const { invocation, stopping } = find(caller, CommandId);
      if (invocation.Status === "Pending") Object.assign(invocation, { Status: "Cancelled", StatusDetails: "Cancelled" });
      if (invocation.Status === "InProgress") stopping.abort();
      return {};
    },
    information(caller, { Filters = [] }) {
      take("DescribeInstanceInformation");
      const asked = Filters.find(({ Key }) => Key === "InstanceIds")?.Values;
      return {
        InstanceInformationList: [...servers.values()]
          .filter(({ id, account }) => account === caller?.account && (asked?.includes(id) ?? true))
          .map(({ id, ping }) => ({
            InstanceId: id,
            PingStatus: ping === "lost" ? "ConnectionLost" : "Online",
            PlatformType: "Linux",
          })),
      };
    },
    clear() {
      for (const { stopping } of sent.values()) stopping.abort();
      servers.clear();
      sent.clear();
      refusals.length = 0;
    },
  };
}

/** @throws AwsError as AWS names it */
function judge({ InstanceIds = [], DocumentName, Parameters = {}, TimeoutSeconds = 3600, Comment = "" }: SendCommand): void {
  const invalid = (message: string) => new AwsError("ValidationException", `1 validation error detected: ${message}`);
  if (InstanceIds.length < 1 || InstanceIds.length > 50) throw invalid("'instanceIds' has between 1 and 50 members");
  if (InstanceIds.length > 1) throw new Error("this engine sends a command to one server at a time");
  if (!instanceId.test(InstanceIds[0] ?? "")) throw invalid("Value at 'instanceIds' does not match its pattern");
  if (Comment.length > 100) throw invalid("Value at 'comment' has at most 100 characters");
  if (TimeoutSeconds < 30 || TimeoutSeconds > 2_592_000) throw invalid("Value at 'timeoutSeconds' is between 30 and 2592000");
  if (DocumentName !== "AWS-RunShellScript") throw new AwsError("InvalidDocument", `document ${DocumentName} does not exist`);
  const { commands = [], executionTimeout = ["3600"], workingDirectory: _, ...others } = Parameters;
  const seconds = executionTimeout[0] ?? "";
  if (commands.length === 0 || Object.keys(others).length > 0 || !/^[1-9]\d{0,5}$/.test(seconds) || Number(seconds) > 172_800)
    throw new AwsError("InvalidParameters", `the parameters ${Object.keys(Parameters).join(", ")} do not fit the document`);
  const bytes = Buffer.byteLength(JSON.stringify(Parameters));
  if (bytes > PARAMETERS_MOST)
    throw new AwsError("MaxDocumentSizeExceeded", `the parameters have ${bytes} bytes of ${PARAMETERS_MOST}`);
}

const TRUNCATED = "\n---Output truncated---";
const cut = (text: string, most: number) => (text.length <= most ? text : text.slice(0, most - TRUNCATED.length) + TRUNCATED);
