import { type Scope, scopes } from "@berth/domain/scope.ts";
import { type Flags, listOf } from "../command.ts";
import { usage } from "../refusal.ts";

/** Those that `--scope` names. */
export const scopesOf = (flags: Flags): Scope[] =>
  listOf(flags, "scope").map((text) => {
    const scope = scopes.find((each) => each === text);
    if (scope === undefined) throw usage(`--scope: "${text}" is none of ${scopes.join(", ")}.`);
    return scope;
  });
