import { App } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import { berth } from "../../infra/service.ts";

// A program of its own: a test runner that looks at all exports of aws-cdk-lib would load all of it, ten seconds a file.
const app = new App();
const { data, service } = berth(app, {
  stage: process.argv[2] ?? "test",
  origin: "https://berth.example",
  mailFrom: "berth@berth.example",
  support: "support@berth.example",
  operator: "operator@berth.example",
  code: () => Code.fromInline("export const handler = async () => {};"),
});
const assembly = app.synth();
const templateOf = (name: string) => assembly.getStackByName(name).template;
process.stdout.write(
  JSON.stringify({
    data: templateOf(data.stackName),
    service: templateOf(service.stackName),
    dataIsProtected: assembly.getStackByName(data.stackName).terminationProtection === true,
  }),
);
