import { execFileSync } from "node:child_process";
import { entryOf, type FunctionName, functions } from "../../functions/manifest.ts";

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into properties of every kind of resource
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: string } }>>;
}

export interface Synthesized {
  readonly data: Template;
  readonly service: Template;
  /** The stack of what must be kept cannot be deleted by accident. */
  readonly dataIsProtected: boolean;
  /** Resources of a type, by logical id; of the service's stack unless another is given. */
  of(type: string, template?: Template): [string, Resource][];
}

/** The two stacks as CloudFormation would get them, without credentials and with an empty program as every function's code. */
export function synthesize(stage = "test"): Synthesized {
  const text = execFileSync(process.execPath, ["test/infra/templates.ts", stage], {
    encoding: "utf8",
    maxBuffer: 32 * 1024 * 1024,
  });
  const made: Omit<Synthesized, "of"> = JSON.parse(text);
  return {
    ...made,
    of: (type, template = made.service) => Object.entries(template.Resources).filter(([, { Type }]) => Type === type),
  };
}

/** The logical id a reference leads to, or undefined where it leads out of the stack. */
export function referred(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if ("Ref" in value) return String(value.Ref);
  if ("Fn::GetAtt" in value) return String((value["Fn::GetAtt"] as string[])[0]);
  return undefined;
}

const names = Object.keys(functions) as FunctionName[];

/** The deployed functions by their name in the manifest. */
export const lambdas = (made: Synthesized) =>
  new Map<string, Resource & { readonly id: string }>(
    made.of("AWS::Lambda::Function").map(([id, resource]) => {
      const name = names.find((each) => entryOf(each) === resource.Properties.Description);
      if (!name) throw new Error(`${id} does not say which file it is`);
      return [name, { id, ...resource }];
    }),
  );

export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}

/** What a function's role may do. */
export function statementsOf(made: Synthesized, name: string): Statement[] {
  const role = referred(lambdas(made).get(name)?.Properties.Role);
  return made
    .of("AWS::IAM::Policy")
    .filter(([, { Properties }]) => Properties.Roles.some((each: unknown) => referred(each) === role))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
}
