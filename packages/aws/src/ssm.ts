import { GetParameterCommand, SSMClient, type SSMClientConfig } from "@aws-sdk/client-ssm";

/** A parameter of SSM's store, decrypted. A module of its own, so that only its two names of the SDK are bundled, and read at the first use. */
export async function readParameter(config: SSMClientConfig, name: string): Promise<string | undefined> {
  const answer = await new SSMClient(config).send(new GetParameterCommand({ Name: name, WithDecryption: true }));
  return answer.Parameter?.Value;
}
