export type Vars = Readonly<Record<string, string | undefined>>;

/** @throws Error naming the variable: a function without its environment must not start */
export function need(env: Vars, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`environment variable ${name} is missing`);
  return value;
}

/** Engines of the local stage answer on one address each; anything else in the environment is ignored outside that stage. */
export const endpoint = (env: Vars, service: "dynamodb" | "sqs" | "kms" | "ssm") => {
  const base = env.STAGE === "local" ? env.LOCAL_ENDPOINT : undefined;
  return base === undefined
    ? {}
    : { endpoint: `${base}/${service}`, region: "local", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
};
