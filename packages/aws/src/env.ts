/** What every function is told by its environment. infra/ assigns a value of this type; a name missing on either side does not compile. */
export interface CommonEnv {
  readonly STAGE: string;
  /** Where the dashboard is, without a trailing slash. */
  readonly ORIGIN: string;
  /** The address customers write to. */
  readonly SUPPORT: string;
  readonly TABLE: string;
  readonly KEY_ID: string;
  readonly JOBS_QUEUE: string;
  readonly MAIL_QUEUE: string;
  readonly BILLING_QUEUE: string;
}

/** Set only by the local stage: engines on loopback in place of AWS, a clock that can be turned, targets with private addresses. */
export interface LocalEnv {
  readonly LOCAL_ENDPOINT?: string;
  readonly LOCAL_CLOCK_MS?: string;
}

export type Vars = Readonly<Record<string, string | undefined>>;

/** @throws Error naming the variable: a function without its environment must not start */
export function need(env: Vars, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`environment variable ${name} is missing`);
  return value;
}

/** Engines of the local stage answer on one address each; anything else in the environment is ignored outside that stage. */
export const endpoint = (env: Vars, service: "dynamodb" | "kms" | "ses" | "sqs" | "ssm") => {
  const base = env.STAGE === "local" ? env.LOCAL_ENDPOINT : undefined;
  return base === undefined
    ? {}
    : { endpoint: `${base}/${service}`, region: "local", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
};
