import { AwsError } from "../aws/error.ts";
import type { JsonService, Operation, WireRequest } from "../aws/json.ts";
import { jsonService, type Service } from "../aws/service.ts";
import type { Caller, Sts } from "../sts/sts.ts";
import type { RunCommand } from "./run-command.ts";

/**
 * Two things in one, as at AWS: the Parameter Store's reads over named values, all of them SecureStrings (without WithDecryption the value is
 * not shown), and Run Command, which sees whose credentials sign.
 */
export function ssmService(parameters: ReadonlyMap<string, string>, commands: RunCommand, sts: Sts): Service {
  const shown = (Name: string, decrypt: boolean) => {
    const value = parameters.get(Name);
    if (value === undefined) return undefined;
    return { Name, Type: "SecureString", Value: decrypt ? value : "(encrypted)", Version: 1, DataType: "text" };
  };
  const asCaller =
    <I>(operation: (caller: Caller | undefined, input: I) => object): Operation =>
    (input: I, { headers }: WireRequest) => {
      const key = /Credential=([^/]+)\//.exec(String(headers.authorization ?? ""))?.[1] ?? "";
      return operation(sts.callerOf(key), input);
    };
  const protocol: JsonService = {
    target: "AmazonSSM",
    version: "1.1",
    namespace: "com.amazonaws.ssm",
    operations: {
      GetParameter: (input: { Name: string; WithDecryption?: boolean }) => {
        const Parameter = shown(input.Name, input.WithDecryption ?? false);
        if (!Parameter) throw new AwsError("ParameterNotFound", `${input.Name} does not exist`);
        return { Parameter };
      },
      GetParameters: (input: { Names: string[]; WithDecryption?: boolean }) => {
        const found = input.Names.map((name) => shown(name, input.WithDecryption ?? false));
        return {
          Parameters: found.filter((each) => each !== undefined),
          InvalidParameters: input.Names.filter((_, i) => found[i] === undefined),
        };
      },
      SendCommand: asCaller(commands.send),
      GetCommandInvocation: asCaller(commands.invocation),
      CancelCommand: asCaller(commands.cancel),
      DescribeInstanceInformation: asCaller(commands.information),
    },
  };
  return jsonService("ssm", protocol);
}
