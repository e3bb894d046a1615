import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { type FunctionName, functions } from "../functions/manifest.ts";
import { bundle } from "./bundle.ts";
import { berth } from "./service.ts";

const app = new App();

/** @throws Error naming the setting: `cdk deploy -c origin=https://...` */
function setting(name: string): string {
  const value: unknown = app.node.tryGetContext(name);
  if (typeof value !== "string" || value === "") throw new Error(`give the setting: -c ${name}=...`);
  return value;
}

const folderOf = (name: FunctionName) => join(app.outdir, "bundles", name);
await Promise.all((Object.keys(functions) as FunctionName[]).map((name) => bundle(name, folderOf(name))));

const account = process.env.CDK_DEFAULT_ACCOUNT;
const region = process.env.CDK_DEFAULT_REGION;
const operator: unknown = app.node.tryGetContext("operator");

berth(app, {
  stage: setting("stage"),
  origin: setting("origin"),
  mailFrom: setting("mailFrom"),
  support: setting("support"),
  ...(typeof operator === "string" && { operator }),
  ...(account && region && { env: { account, region } }),
  code: (name) => Code.fromAsset(folderOf(name)),
});
