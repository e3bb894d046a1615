import { type Access, accesses } from "@berth/domain/entitlement/access.ts";
import { type Flags, listOf } from "../command.ts";
import { usage } from "../refusal.ts";

/** @throws Refused, with what is known, for a text that is no access */
export function accessOf(text: string, flag: string): Access {
  const access = accesses.find((each) => each === text);
  if (access === undefined) throw usage(`${flag} ${text}: it is one of ${accesses.join(", ")}.`, "berth app policy");
  return access;
}

/** Those that `--allow` names. */
export const allowed = (flags: Flags): Access[] => listOf(flags, "allow").map((text) => accessOf(text, "--allow"));
