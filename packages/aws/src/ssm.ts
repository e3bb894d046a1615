import { GetParameterCommand, SSMClient, type SSMClientConfig } from "@aws-sdk/client-ssm";

/** A module of its own, so that only two names of the SDK are bundled, and loaded at first use. */
export async function readParameter(config: SSMClientConfig, name: string): Promise<string | undefined> {
  const answer = await new SSMClient(config).send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  return answer.Parameter?.Value;
}
