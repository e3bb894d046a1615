import type { Ssm } from "./target.ts";

export const instanceId = /^(i-[0-9a-f]{8}|m?i-[0-9a-f]{17})$/;
export const regionName = /^[a-z]{2}(-[a-z]{2,12}){1,3}-\d$/;
/** Berth may take roles of such names alone (infra/grants.ts). */
export const roleArn = /^arn:aws:iam::\d{12}:role\/berth[\w+=,.@-]{0,59}$/;

/** The commands that make the role, for whoever may do so in the account: quotes hold nothing but what the patterns above let through. */
export function roleCommands(instance: string, { region, role, account, externalId }: Ssm): string[] {
  const [, owner = "", name = ""] = /^arn:aws:iam::(\d{12}):role\/(.+)$/.exec(role) ?? [];
  const kind = instance.startsWith("mi-")
    ? `arn:aws:ssm:${region}:${owner}:managed-instance`
    : `arn:aws:ec2:${region}:${owner}:instance`;
  const trust = {
    Version: "2012-10-17",
    Statement: {
      ...{ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" },
      Condition: { StringEquals: { "sts:ExternalId": externalId } },
    },
  };
  const rights = {
    Version: "2012-10-17",
    Statement: [
      {
        ...{ Effect: "Allow", Action: "ssm:SendCommand" },
        Resource: [`${kind}/${instance}`, `arn:aws:ssm:${region}::document/AWS-RunShellScript`],
      },
      {
        Effect: "Allow",
        Action: ["ssm:GetCommandInvocation", "ssm:CancelCommand", "ssm:DescribeInstanceInformation"],
        Resource: "*",
      },
    ],
  };
  return [
    `aws iam create-role --role-name ${name} --assume-role-policy-document '${JSON.stringify(trust)}'`,
    `aws iam put-role-policy --role-name ${name} --policy-name ${instance} --policy-document '${JSON.stringify(rights)}'`,
  ];
}
