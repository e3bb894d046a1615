import { randomBytes } from "node:crypto";
import { AwsError } from "../aws/error.ts";

/** Who signs with temporary credentials. */
export interface Caller {
  readonly account: string;
  readonly role: string;
}

/** A role of a customer's account, and the external id that its trust policy asks for. */
export interface Role {
  readonly arn: string;
  readonly externalId?: string;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

export interface Sts {
  addRole(role: Role): void;
  removeRole(arn: string): void;
  /** @throws AwsError AccessDenied, the same for a role that is not there and one that does not trust the caller */
  assume(input: { arn: string; session: string; externalId?: string | undefined; seconds?: number | undefined }): Credentials;
  /** Whose an access key is; undefined for those of Berth's own account. @throws AwsError ExpiredTokenException */
  callerOf(accessKeyId: string): Caller | undefined;
  clear(): void;
}

const HOUR = 3600;

/** Temporary credentials for roles of other accounts. Signatures are not looked at, as nowhere on this machine. */
export function createSts({ now }: { readonly now: () => number }): Sts {
  const roles = new Map<string, Role>();
  const given = new Map<string, { readonly caller: Caller; readonly until: number }>();
  return {
    addRole: (role) => void roles.set(role.arn, role),
    removeRole: (arn) => void roles.delete(arn),
    assume({ arn, session, externalId, seconds = HOUR }) {
      if (!/^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]{1,64}$/.test(arn))
        throw invalid(`Value '${arn}' at 'roleArn' is not a role`);
      if (!/^[\w+=,.@-]{2,64}$/.test(session))
        throw invalid(`Value '${session}' at 'roleSessionName' does not match its pattern`);
      if (externalId !== undefined && !/^[\w+=,.@:/-]{2,1224}$/.test(externalId))
        throw invalid("Value at 'externalId' does not match its pattern");
      if (!Number.isInteger(seconds) || seconds < 900 || seconds > 12 * HOUR)
        throw invalid("Value at 'durationSeconds' is not within 900 and 43200");
      const role = roles.get(arn);
      if (!role || (role.externalId !== undefined && role.externalId !== externalId))
        throw new AwsError("AccessDenied", `User: berth is not authorized to perform: sts:AssumeRole on resource: ${arn}`, 403);
      const accessKeyId = `ASIA${randomBytes(8).toString("hex").toUpperCase()}`;
      const until = now() + seconds * 1000;
      given.set(accessKeyId, { caller: { account: arn.split(":")[4] ?? "", role: arn }, until });
      return { accessKeyId, secretAccessKey: "local", sessionToken: "local", expiration: new Date(until) };
    },
    callerOf(accessKeyId) {
      const found = given.get(accessKeyId);
      if (!found) return undefined;
      if (found.until <= now())
        throw new AwsError("ExpiredTokenException", "The security token included in the request is expired");
      return found.caller;
    },
    clear() {
      roles.clear();
      given.clear();
    },
  };
}

const invalid = (message: string) => new AwsError("ValidationError", `1 validation error detected: ${message}`);
