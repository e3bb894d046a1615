import type { Queue } from "@berth/domain/context.ts";
import { BUCKET, deadLettersName, queueName } from "@berth/local/cloud/names.ts";
import { TABLE } from "@berth/local/cloud/table.ts";
import { keyArn } from "@berth/local/kms/wire.ts";
import { ACCOUNT, queueArn } from "@berth/local/sqs/wire.ts";
import { type FunctionName, functions } from "../../../functions/manifest.ts";
import { lambdas, type Resource, referred, type Synthesized } from "../../infra/synth.ts";
import type { PolicyStatement } from "./decide.ts";

export const REGION = "local";
const KEY_ID = "local";
export const KEY_ARN = keyArn({ id: KEY_ID });
export const TABLE_ARN = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${TABLE}`;
export const BUCKET_ARN = `arn:aws:s3:::${BUCKET}`;
export const STREAM_ARN = `${TABLE_ARN}/stream/now`;

interface Role {
  readonly arn: string;
  readonly statements: readonly PolicyStatement[];
}

/** A function as the stacks would make it, every reference resolved to what stands for it in the local cloud. */
export interface DeployedFunction {
  readonly arn: string;
  readonly role: Role;
  readonly environment: Readonly<Record<string, string>>;
  readonly logGroup: string;
  /** Where the table's stream leaves what its function gave up. */
  readonly deadLetters?: string;
  /** Of the schedules that start it. */
  readonly starters: readonly Role[];
}

export interface Deployed {
  readonly functions: ReadonlyMap<FunctionName, DeployedFunction>;
  /** Policies of resources, by ARN. */
  readonly resources: ReadonlyMap<string, readonly PolicyStatement[]>;
  readonly apiId: string;
}

/** The stacks of `berth` as the local cloud would have them. `queueUrl` is where its queues are. */
export function deployed(made: Synthesized, queueUrl: (name: string) => string): Deployed {
  const names = queueNames(made);
  const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
  const physical: Readonly<Record<string, (id: string) => Readonly<Record<string, string>>>> = {
    "AWS::DynamoDB::Table": () => ({ Ref: TABLE, Arn: TABLE_ARN, StreamArn: STREAM_ARN }),
    "AWS::S3::Bucket": () => ({ Ref: BUCKET, Arn: BUCKET_ARN }),
    "AWS::KMS::Key": () => ({ Ref: KEY_ID, Arn: KEY_ARN }),
    "AWS::SQS::Queue": (id) => {
      const name = names.get(id) ?? id;
      return { Ref: queueUrl(name), Arn: queueArn(name), QueueName: name };
    },
    "AWS::Logs::LogGroup": (id) => ({ Ref: id, Arn: arn("logs", `log-group:${id}:*`) }),
    "AWS::Lambda::Function": (id) => ({ Ref: id, Arn: arn("lambda", `function:${id}`) }),
    "AWS::IAM::Role": (id) => ({ Ref: id, Arn: `arn:aws:iam::${ACCOUNT}:role/${id}` }),
    "AWS::ApiGatewayV2::Api": (id) => ({ Ref: id }),
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== "object" || value === null) return value;
    const [[intrinsic = "", given] = []] = Object.entries(value);
    if (intrinsic === "Ref") return pseudo[String(given)] ?? attribute(String(given), "Ref");
    if (intrinsic === "Fn::GetAtt") return attribute(...(given as [string, string]));
    if (intrinsic === "Fn::Join") {
      const [by, parts] = given as [string, unknown[]];
      return parts.map((each) => String(resolve(each))).join(by);
    }
    if (intrinsic === "Fn::ImportValue") {
      const exported = Object.values(made.data.Outputs ?? {}).find(({ Export }) => Export?.Name === given);
      if (!exported) throw new Error(`nothing exports ${given}`);
      return resolve(exported.Value);
    }
    if (intrinsic.startsWith("Fn::")) throw new Error(`${intrinsic} is not known here`);
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, resolve(each)]));
  };
  function attribute(id: string, name: string): string {
    const { Type } = made.service.Resources[id] ?? made.data.Resources[id] ?? { Type: `nothing named ${id}` };
    const found = physical[Type]?.(id)[name];
    if (found === undefined) throw new Error(`${name} of ${id}, ${Type}, is not known here`);
    return found;
  }
  const of = (type: string) => [...made.of(type), ...made.of(type, made.data)];
  const statements = (document: Resource["Properties"]) => resolve(document.Statement) as PolicyStatement[];

  const roleOf = (reference: unknown): Role => {
    const id = referred(reference) ?? "";
    const { ManagedPolicyArns, Policies } = made.service.Resources[id]?.Properties ?? {};
    if (ManagedPolicyArns || Policies) throw new Error(`${id} has policies of its own, which are not read here`);
    const attached = of("AWS::IAM::Policy").filter(([, { Properties }]) =>
      Properties.Roles.some((each: unknown) => referred(each) === id),
    );
    return {
      arn: attribute(id, "Arn"),
      statements: attached.flatMap(([, { Properties }]) => statements(Properties.PolicyDocument)),
    };
  };
  const startersOf = (id: string) =>
    of("AWS::Scheduler::Schedule")
      .filter(([, { Properties }]) => referred(Properties.Target.Arn) === id)
      .map(([, { Properties }]) => roleOf(Properties.Target.RoleArn));
  const deadLettersOf = (id: string) => {
    const source = of("AWS::Lambda::EventSourceMapping").find(([, { Properties }]) => referred(Properties.FunctionName) === id);
    const destination: unknown = source?.[1].Properties.DestinationConfig?.OnFailure.Destination;
    return destination === undefined ? {} : { deadLetters: String(resolve(destination)) };
  };

  const found = [...lambdas(made)].map(([name, { id, Properties }]): [FunctionName, DeployedFunction] => [
    name as FunctionName,
    {
      arn: attribute(id, "Arn"),
      role: roleOf(Properties.Role),
      environment: resolve(Properties.Environment.Variables) as Record<string, string>,
      logGroup: attribute(referred(Properties.LoggingConfig.LogGroup) ?? "", "Arn"),
      ...deadLettersOf(id),
      starters: startersOf(id),
    },
  ]);
  const resources = new Map<string, readonly PolicyStatement[]>();
  const attach = (to: string, more: readonly PolicyStatement[]) => resources.set(to, [...(resources.get(to) ?? []), ...more]);
  for (const [id, { Properties }] of of("AWS::KMS::Key")) {
    const own = attribute(id, "Arn");
    // In a key's policy `*` is the key itself.
    attach(
      own,
      statements(Properties.KeyPolicy).map((each) => ({ ...each, Resource: own })),
    );
  }
  for (const [, { Properties }] of of("AWS::SQS::QueuePolicy"))
    for (const queue of Properties.Queues) attach(attribute(referred(queue) ?? "", "Arn"), statements(Properties.PolicyDocument));
  for (const [, { Properties }] of of("AWS::Lambda::Permission")) attach(...permission(resolve(Properties)));
  const [[apiId = ""] = []] = made.of("AWS::ApiGatewayV2::Api");
  return { functions: new Map(found), resources, apiId };
}

const pseudo: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": REGION,
  "AWS::AccountId": ACCOUNT,
  "AWS::URLSuffix": "amazonaws.com",
};

const permissionKeys: Readonly<Record<string, [operator: string, key: string]>> = {
  SourceArn: ["ArnLike", "aws:SourceArn"],
  FunctionUrlAuthType: ["StringEquals", "lambda:FunctionUrlAuthType"],
  InvokedViaFunctionUrl: ["Bool", "lambda:InvokedViaFunctionUrl"],
};

/** A Lambda permission is a statement of the function's own policy. */
// biome-ignore lint/suspicious/noExplicitAny: a template's properties
function permission({ Action, FunctionName: to, Principal, ...conditions }: any): [string, PolicyStatement[]] {
  const Condition: Record<string, Record<string, string>> = {};
  for (const [name, value] of Object.entries(conditions)) {
    const known = permissionKeys[name];
    if (!known) throw new Error(`${name} of a permission is not known here`);
    Condition[known[0]] = { ...Condition[known[0]], [known[1]]: String(value) };
  }
  return [
    to,
    [{ Effect: "Allow", Action, Resource: to, Principal: Principal === "*" ? "*" : { Service: Principal }, Condition }],
  ];
}

/** The local cloud's names of the queues that functions drain, and of what these leave their dead letters in. */
function queueNames(made: Synthesized): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, { id }] of lambdas(made)) {
    const { trigger } = functions[name as FunctionName];
    if (trigger.kind !== "queue") continue;
    const source = made
      .of("AWS::Lambda::EventSourceMapping")
      .find(([, { Properties }]) => referred(Properties.FunctionName) === id);
    const queue = referred(source?.[1].Properties.EventSourceArn) ?? "";
    const dead = referred(made.service.Resources[queue]?.Properties.RedrivePolicy?.deadLetterTargetArn) ?? "";
    names.set(queue, queueName(trigger.queue as Queue)).set(dead, deadLettersName(trigger.queue));
  }
  return names;
}
