import { BUCKET } from "@berth/local/cloud/names.ts";
import { TABLE } from "@berth/local/cloud/table.ts";
import { ACCOUNT, queueArn } from "@berth/local/sqs/wire.ts";
import type { IamRequest } from "./decide.ts";
import { BUCKET_ARN, KEY_ARN, REGION, TABLE_ARN } from "./policies.ts";

/** What a call to AWS asks for; who asks is known to the listener. */
export type Asked = Omit<IamRequest, "principal">;

// biome-ignore lint/suspicious/noExplicitAny: inputs of many operations
type Input = any;

const encrypted = { "aws:SecureTransport": "true" };

/** The requests to IAM that a call means. @throws of a call that no function makes yet: what it needs has to be written here first */
export function requestsOf(service: string, target: string, path: string, input: Input): Asked[] {
  const operation = target.split(".")[1] ?? "";
  if (service === "dynamodb") return [...rows(operation, input), throughTheTable()];
  if (service === "sqs" && operation === "SendMessage")
    return [asked("sqs:SendMessage", queueArn(String(input.QueueUrl).split("/").at(-1) ?? ""))];
  if (service === "kms" && (operation === "GenerateDataKey" || operation === "Decrypt")) {
    const about = Object.entries(input.EncryptionContext ?? {}).map(([key, value]) => [`kms:EncryptionContext:${key}`, value]);
    return [asked(`kms:${operation}`, String(input.KeyId), { "kms:CallerAccount": ACCOUNT, ...Object.fromEntries(about) })];
  }
  if (service === "ssm" && operation === "GetParameter")
    return [asked("ssm:GetParameter", `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${input.Name}`)];
  if (service === "sts" && input.Action === "AssumeRole")
    return [
      asked("sts:AssumeRole", input.RoleArn, {
        "aws:ResourceAccount": String(input.RoleArn).split(":")[4] ?? "",
        ...(input.ExternalId !== undefined && { "sts:ExternalId": input.ExternalId }),
      }),
    ];
  if (service === "ses" && path === "/v2/email/outbound-emails") {
    const [, address = input.FromEmailAddress] = /<(.+)>$/.exec(input.FromEmailAddress) ?? [];
    const identity = `arn:aws:ses:${REGION}:${ACCOUNT}:identity/${String(address).split("@")[1]}`;
    return [asked("ses:SendEmail", identity, { "ses:FromAddress": address })];
  }
  if (service === "s3") {
    const [, bucket, key] = /^\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (bucket !== BUCKET) throw new Error(`the bucket ${bucket} of ${target} is not known here`);
    const object = `${BUCKET_ARN}/${key}`;
    if (target === "PUT") return [asked("s3:PutObject", object)];
    // Without the right to list, one that is not there is answered as one that may not be read.
    if (target === "HEAD" || target === "GET") return [asked("s3:GetObject", object), asked("s3:ListBucket", BUCKET_ARN)];
  }
  throw new Error(`what ${service} ${target} ${path} needs is not known here`);
}

const asked = (action: string, resource: string, context: IamRequest["context"] = {}): Asked => ({
  action,
  resource,
  context: { ...encrypted, ...context },
});

const transacted: Readonly<Record<string, string>> = {
  ConditionCheck: "ConditionCheckItem",
  Delete: "DeleteItem",
  Get: "GetItem",
  Put: "PutItem",
  Update: "UpdateItem",
};

function rows(operation: string, input: Input): Asked[] {
  const on = (action: string, table: string, keys: readonly string[]) => {
    if (table !== TABLE) throw new Error(`there is no table ${table}`);
    return asked(`dynamodb:${action}`, TABLE_ARN, { "dynamodb:LeadingKeys": keys });
  };
  const pk = (item: Input) => String(item.pk.S);
  switch (operation) {
    case "GetItem":
    case "DeleteItem":
    case "UpdateItem":
      return [on(operation, input.TableName, [pk(input.Key)])];
    case "PutItem":
      return [on(operation, input.TableName, [pk(input.Item)])];
    case "BatchGetItem":
      return Object.entries(input.RequestItems).map(([table, { Keys }]: [string, Input]) => on(operation, table, Keys.map(pk)));
    case "TransactGetItems":
    case "TransactWriteItems":
      return input.TransactItems.map((item: Input) => {
        const [[kind = "", one] = []] = Object.entries<Input>(item);
        const action = transacted[kind];
        if (!action) throw new Error(`${kind} in a transaction is not known here`);
        return on(action, one.TableName, [pk(one.Item ?? one.Key)]);
      });
    case "Query": {
      const { resource, ...rest } = on(operation, input.TableName, [partitionOf(input)]);
      return [{ ...rest, resource: input.IndexName === undefined ? resource : `${resource}/index/${input.IndexName}` }];
    }
    default:
      throw new Error(`what dynamodb ${operation} needs is not known here`);
  }
}

/** The partition that a Query reads. */
function partitionOf({
  IndexName,
  KeyConditionExpression,
  ExpressionAttributeNames = {},
  ExpressionAttributeValues,
}: Input): string {
  const key = IndexName === "due" ? "duePk" : "pk";
  for (const [, name = "", value = ""] of String(KeyConditionExpression).matchAll(/([#\w]+)\s*=\s*(:\w+)/g))
    if ((ExpressionAttributeNames[name] ?? name) === key) return ExpressionAttributeValues[value].S;
  throw new Error(`no partition is named by ${KeyConditionExpression}`);
}

/** DynamoDB opens the table's key in the name of whoever reads or writes a row. */
const throughTheTable = () =>
  asked("kms:Decrypt", KEY_ARN, {
    "kms:CallerAccount": ACCOUNT,
    "kms:ViaService": `dynamodb.${REGION}.amazonaws.com`,
    "kms:EncryptionContext:aws:dynamodb:tableName": TABLE,
    "kms:EncryptionContext:aws:dynamodb:subscriberId": ACCOUNT,
  });
