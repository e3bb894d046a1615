/** IAM's decision about one request, as AWS documents it. What it does not know is an error and never a yes. */
export interface IamRequest {
  /** An ARN of a role, or a service such as `apigateway.amazonaws.com`; `*` is anybody at all. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** Condition keys that came with the request; a list is a key of many values. */
  readonly context: Readonly<Record<string, string | readonly string[]>>;
}

export interface PolicyStatement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Principal?: "*" | Readonly<Record<string, string | readonly string[]>>;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  readonly Sid?: string;
}

/** What is attached to whoever asks, and what to the resource. */
export interface Attached {
  readonly identity: readonly PolicyStatement[];
  readonly resource: readonly PolicyStatement[];
}

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);
const members = new Set(["Effect", "Action", "Resource", "Principal", "Condition", "Sid"]);
const knownKeys =
  /^(dynamodb:LeadingKeys|kms:EncryptionContext:[\w:-]+|kms:(CallerAccount|ViaService)|sts:ExternalId|aws:(SecureTransport|SourceArn|SourceAccount|ResourceAccount)|ses:FromAddress|lambda:(FunctionUrlAuthType|InvokedViaFunctionUrl))$/;

/** `*` is any text and `?` any one character. */
function like(pattern: string, text: string): boolean {
  if (pattern.includes("${")) throw new Error(`policy variables are not known here: ${pattern}`);
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`, "s").test(text);
}

const compare: Readonly<Record<string, (wanted: string, found: string) => boolean>> = {
  StringEquals: (wanted, found) => wanted === found,
  StringNotEquals: (wanted, found) => wanted !== found,
  StringLike: like,
  ArnEquals: like,
  ArnLike: like,
  Bool: (wanted, found) => wanted === found,
};

function holds(operator: string, key: string, wanted: readonly string[], context: IamRequest["context"]): boolean {
  if (!knownKeys.test(key)) throw new Error(`the condition key ${key} is not known here`);
  const found = Object.hasOwn(context, key) ? context[key] : undefined;
  if (operator === "Null") return wanted.some((each) => (each === "true") === (found === undefined));
  const [, set, name = operator] = /^(ForAllValues|ForAnyValue):(.+)$/.exec(operator) ?? [];
  const matches = Object.hasOwn(compare, name) ? compare[name] : undefined;
  if (!matches) throw new Error(`the condition operator ${operator} is not known here`);
  const any = (value: string) => wanted.some((each) => matches(each, value));
  if (set === "ForAllValues") return listOf(found ?? []).every(any);
  if (set === "ForAnyValue") return listOf(found ?? []).some(any);
  if (Array.isArray(found)) throw new Error(`${key} has many values and ${operator} takes one`);
  return found !== undefined && any(found as string);
}

function speaksOf(statement: PolicyStatement, { action, resource, context }: IamRequest): boolean {
  for (const member of Object.keys(statement)) if (!members.has(member)) throw new Error(`${member} is not known here`);
  return (
    listOf(statement.Action).some((each) => like(each.toLowerCase(), action.toLowerCase())) &&
    listOf(statement.Resource).some((each) => like(each, resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, key, listOf(wanted), context)),
    )
  );
}

const principalsOf = ({ Principal }: PolicyStatement): readonly string[] => {
  if (Principal === undefined) throw new Error("a resource's policy has to name principals");
  return Principal === "*" ? ["*"] : Object.values(Principal).flatMap((each) => listOf(each));
};
const accountOf = (arn: string) => arn.split(":")[4];
const rootOf = (arn: string) => `arn:aws:iam::${accountOf(arn)}:root`;

/**
 * An explicit Deny ends it. Within one account either side may allow; a key's policy must allow by itself, or leave it to the account, and
 * then the identity's decides.
 */
export function decide(request: IamRequest, { identity, resource }: Attached): "allowed" | "denied" | "explicitly denied" {
  const isRole = request.principal.startsWith("arn:aws:iam::");
  const named = (statement: PolicyStatement) =>
    principalsOf(statement).some((each) => each === "*" || each === request.principal);
  const delegated = (statement: PolicyStatement) => isRole && principalsOf(statement).includes(rootOf(request.principal));
  const own = identity.filter((each) => speaksOf(each, request));
  const theirs = resource.filter((each) => speaksOf(each, request));
  const allows = ({ Effect }: PolicyStatement) => Effect === "Allow";
  const deny = [...own, ...theirs.filter((each) => named(each) || delegated(each))].some((each) => !allows(each));
  if (deny) return "explicitly denied";
  if (theirs.some((each) => allows(each) && named(each))) return "allowed";
  const mayDecide = !request.resource.startsWith("arn:aws:kms:") || theirs.some((each) => allows(each) && delegated(each));
  return mayDecide && own.some(allows) ? "allowed" : "denied";
}
