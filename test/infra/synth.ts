import { App, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { berth } from "../../infra/service.ts";

export const ORIGIN = "https://berth.example";
export const MAIL_FROM = "berth@berth.example";

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into properties of every kind of resource
  readonly Properties: any;
  readonly DeletionPolicy?: string;
}

export interface Synthesized {
  readonly data: Template;
  readonly service: Template;
  readonly stacks: { readonly data: Stack; readonly service: Stack };
  /** Resources of the service's stack of a type, by logical id. */
  of(type: string): [string, Resource][];
}

/** The two stacks as CloudFormation would get them, without credentials and with an empty program as every function's code. */
export function synthesize(): Synthesized {
  const stacks = berth(new App(), {
    stage: "test",
    origin: ORIGIN,
    mailFrom: MAIL_FROM,
    operator: "operator@berth.example",
    code: () => Code.fromInline("export const handler = async () => {};"),
  });
  const service = Template.fromStack(stacks.service);
  return {
    data: Template.fromStack(stacks.data),
    service,
    stacks,
    of: (type) => Object.entries(service.findResources(type)) as [string, Resource][],
  };
}

/** The logical id a reference leads to, or undefined where it leads out of the stack. */
export function referred(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if ("Ref" in value) return String(value.Ref);
  if ("Fn::GetAtt" in value) return String((value["Fn::GetAtt"] as string[])[0]);
  return undefined;
}

/** The deployed functions by their name in the manifest. */
export const lambdas = (made: Synthesized) =>
  new Map(
    made.of("AWS::Lambda::Function").map(([id, resource]) => {
      const name = /^functions\/(.+)\.ts$/.exec(resource.Properties.Description)?.[1];
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
