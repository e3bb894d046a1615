/** What a policy has rules for, in the words of the API. */
import type { Client } from "@berth/api-client/client.ts";
import { type Flags, listOf } from "../command.ts";
import { usage } from "../refusal.ts";

export type Rules = NonNullable<Parameters<Client["v1"]["policy"]["$post"]>[0]["json"]["rules"]>;
export type Access = keyof Rules;
export type Rule = NonNullable<Rules[Access]>;

const known: Readonly<Record<Access, true>> = {
  ...{ privileged: true, "docker.sock": true, "host-path": true, "host-namespace": true, device: true, capability: true },
};
export const accesses = Object.keys(known) as Access[];
export const rules = ["allow", "warn", "ask", "deny"] as const satisfies readonly Rule[];

export const isAccess = (text: string): text is Access => Object.hasOwn(known, text);
export const isRule = (text: string): text is Rule => (rules as readonly string[]).includes(text);

export function allowed(flags: Flags): Access[] {
  return listOf(flags, "allow").map((text) => {
    if (!isAccess(text)) throw usage(`--allow ${text}: it is one of ${accesses.join(", ")}.`, "berth app policy");
    return text;
  });
}
