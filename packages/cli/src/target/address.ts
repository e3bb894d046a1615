import { isIP } from "node:net";
import type { Target } from "@berth/api-client/types.ts";
import { userName } from "@berth/domain/remote/user-name.ts";
import { usage } from "../refusal.ts";

/** Where a server is and who logs in there. */
export interface Address {
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

/** `root@203.0.113.7`, `deploy@host.example:2222`, `root@[2001:db8::1]:22`; without a user it is root. @throws Refused */
export function parseAddress(text: string): Address {
  const example = "like root@203.0.113.7, deploy@host.example:2222 or root@[2001:db8::1]:22";
  const match = /^(?:([^@\s]+)@)?(?:\[([^\]]+)\]|([^:@\s]+)|([0-9a-fA-F:.]+))(?::(\d+))?$/.exec(text.replace(/^ssh:\/\//, ""));
  if (!match) throw usage(`"${text}" is not an address ${example}.`);
  const [, user = "root", bracketed, plain, bare, port = "22"] = match;
  const host = bracketed ?? plain ?? bare ?? "";
  const number = Number(port);
  if (!userName.test(user)) throw usage(`"${user}" is not a Unix user's name.`);
  if ((bracketed !== undefined || bare !== undefined) && isIP(host) !== 6) throw usage(`"${host}" is not an IPv6 address.`);
  if (plain !== undefined && (!/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?\.?$/.test(host) || host.length > 253))
    throw usage(`"${host}" is neither a host's name nor an address.`);
  if (number < 1 || number > 65_535) throw usage(`"${port}" is not a port.`);
  return { user, host, port: number };
}

/** How a target is reached by SSH. */
export const addressOf = ({ user, host, port = 22 }: Pick<Target, "user" | "host" | "port">): Address => ({ user, host, port });

export const addressText = ({ ssm, ...target }: Pick<Target, "user" | "host" | "port" | "ssm">) =>
  ssm ? `${target.host} in ${ssm.region}` : sshText(addressOf(target));

const sshText = ({ user, host, port }: Address) =>
  `${user}@${host.includes(":") ? `[${host}]` : host}${port === 22 ? "" : `:${port}`}`;
