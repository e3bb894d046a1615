/** infra/ assigns a value of this type, so a name missing on either side does not compile. */
export interface CommonEnv {
  readonly STAGE: string;
  /** Of the dashboard, without a trailing slash. */
  readonly ORIGIN: string;
  readonly SUPPORT: string;
  /** Of AWS: the one that this runs in. */
  readonly ACCOUNT: string;
  readonly TABLE: string;
  readonly KEY_ID: string;
  readonly BUCKET: string;
  readonly JOBS_QUEUE: string;
  readonly MAIL_QUEUE: string;
  readonly BILLING_QUEUE: string;
}

/** Only on the local stage: engines on loopback instead of AWS, and a clock that can be moved. */
export interface LocalEnv {
  readonly LOCAL_ENDPOINT?: string;
  /** Of identity tokens, in place of GitHub. */
  readonly LOCAL_ISSUER?: string;
  readonly LOCAL_CLOCK_MS?: string;
}

export type Vars = Readonly<Record<string, string | undefined>>;

/** @throws Error naming the variable: a function without its environment must not start */
export function need(env: Vars, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`environment variable ${name} is missing`);
  return value;
}

/** Empty outside the local stage, whatever LOCAL_ENDPOINT says. */
export const endpoint = (env: Vars, service: "dynamodb" | "kms" | "ses" | "sqs" | "ssm" | "sts" | "s3") => {
  const base = env.STAGE === "local" ? env.LOCAL_ENDPOINT : undefined;
  return base === undefined
    ? {}
    : { endpoint: `${base}/${service}`, region: "local", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
};
