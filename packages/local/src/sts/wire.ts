import { AwsError } from "../aws/error.ts";
import type { WireAnswer } from "../aws/json.ts";
import type { Service } from "../aws/service.ts";
import type { Sts } from "./sts.ts";

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";

/** AssumeRole, in the Query protocol: a form comes and XML goes. */
export function stsService(sts: Sts): Service {
  return {
    name: "sts",
    door: ({ body }) => {
      const form = new URLSearchParams(body.toString("utf8"));
      const value = (name: string) => form.get(name) ?? undefined;
      try {
        if (value("Action") !== "AssumeRole") throw new AwsError("InvalidAction", `${value("Action")} is not known here`);
        const seconds = value("DurationSeconds");
        const made = sts.assume({
          arn: value("RoleArn") ?? "",
          session: value("RoleSessionName") ?? "",
          externalId: value("ExternalId"),
          seconds: seconds === undefined ? undefined : Number(seconds),
        });
        const credentials = [
          ["AccessKeyId", made.accessKeyId],
          ["SecretAccessKey", made.secretAccessKey],
          ["SessionToken", made.sessionToken],
          ["Expiration", made.expiration.toISOString()],
        ].map(([name, text]) => `<${name}>${text}</${name}>`);
        return xml(
          200,
          `<AssumeRoleResponse xmlns="${NAMESPACE}"><AssumeRoleResult><Credentials>${credentials.join("")}</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        );
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        return xml(
          error.status,
          `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>Sender</Type><Code>${error.name}</Code><Message>${inXml(error.message)}</Message></Error></ErrorResponse>`,
        );
      }
    },
    close: () => {},
  };
}

const xml = (status: number, body: string): WireAnswer => ({ status, headers: { "content-type": "text/xml" }, body });
const inXml = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
