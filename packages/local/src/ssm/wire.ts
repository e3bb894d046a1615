import { AwsError } from "../aws/error.ts";
import type { JsonService } from "../aws/json.ts";
import { jsonService, type Service } from "../aws/service.ts";

/** The Parameter Store's reads over named values, all of them SecureStrings: without WithDecryption the value is not shown. */
export function ssmService(parameters: ReadonlyMap<string, string>): Service {
  const shown = (Name: string, decrypt: boolean) => {
    const value = parameters.get(Name);
    if (value === undefined) return undefined;
    return { Name, Type: "SecureString", Value: decrypt ? value : "(encrypted)", Version: 1, DataType: "text" };
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
    },
  };
  return jsonService("ssm", protocol);
}
