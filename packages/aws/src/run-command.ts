import { randomBytes } from "node:crypto";
import {
  CancelCommandCommand,
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  InvocationDoesNotExist,
  SendCommandCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/nested-clients/sts";
import { RemoteError } from "@berth/domain/remote/remote.ts";
import type { Commands, Managed } from "@berth/domain/remote/ssm/command.ts";
import { endpoint, type Vars } from "./env.ts";

/** AWS takes no shorter time for a command to be delivered in. */
const DELIVERED_SECONDS = 30;
/** Trying again is the caller's, who knows how long there is. */
const calls = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/**
 * Takes the role in the customer's account, for an hour, unless another tenant of ours could as well: a role whose trust policy does not ask for
 * the external id opens its servers to whoever has us name it. A module of its own, loaded at first use.
 * @throws what AWS refuses, by its name, and RemoteError
 */
export async function takeRole(env: Vars, { instance, region, role, externalId }: Managed): Promise<Commands> {
  const sts = new STSClient({ ...calls, region, ...endpoint(env, "sts") });
  const assume = (ExternalId: string) => sts.send(new AssumeRoleCommand({ RoleArn: role, ExternalId, RoleSessionName: "berth" }));
  const [{ Credentials: made }, open] = await Promise.all([
    assume(externalId),
    assume(anotherTenant()).then(() => true, onDenial),
  ]);
  if (open) throw new RemoteError("role.open", "The role can be taken with any external id");
  if (!made?.AccessKeyId || !made.SecretAccessKey || !made.SessionToken) throw new Error("STS gave no credentials");
  const credentials = {
    accessKeyId: made.AccessKeyId,
    secretAccessKey: made.SecretAccessKey,
    sessionToken: made.SessionToken,
  };
  const ssm = new SSMClient({ ...calls, region, ...endpoint(env, "ssm"), credentials });
  return {
    async send(lines, seconds) {
      const { Command } = await ssm.send(
        new SendCommandCommand({
          InstanceIds: [instance],
          DocumentName: "AWS-RunShellScript",
          Comment: "Berth",
          Parameters: { commands: [...lines], executionTimeout: [String(seconds)] },
          TimeoutSeconds: Math.max(DELIVERED_SECONDS, seconds),
        }),
      );
      if (!Command?.CommandId) throw new Error("SSM gave the command no id");
      return Command.CommandId;
    },
    async told(CommandId) {
      try {
        const found = await ssm.send(new GetCommandInvocationCommand({ CommandId, InstanceId: instance }));
        return {
          status: found.Status ?? "",
          details: found.StatusDetails ?? "",
          output: found.StandardOutputContent ?? "",
          errors: found.StandardErrorContent ?? "",
        };
      } catch (error) {
        if (!(error instanceof InvocationDoesNotExist)) throw error;
        return undefined;
      }
    },
    async cancel(CommandId) {
      await ssm.send(new CancelCommandCommand({ CommandId }));
    },
    async ping() {
      const Filters = [{ Key: "InstanceIds", Values: [instance] }];
      const { InstanceInformationList: found = [] } = await ssm.send(new DescribeInstanceInformationCommand({ Filters }));
      return found[0]?.PingStatus;
    },
  };
}

/** Of the form of ours: a trust policy may ask for no more than that. */
const anotherTenant = () =>
  `ten_${Array.from(randomBytes(26), (byte) => "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[byte % 32]).join("")}`;

const onDenial = (error: unknown) => {
  if (!(error instanceof Error && error.name === "AccessDenied")) throw error;
  return false;
};
