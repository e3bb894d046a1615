import type { AuditLine } from "@berth/api-client/types.ts";
import { clean } from "../terminal/text.ts";

/** Who did something: a person by address, a token by its name; by id only what was written down before names were. */
export const whoText = ({ kind, id, name }: AuditLine["actor"]): string =>
  kind === "system" ? "Berth" : name === undefined ? `${kind} ${id}` : kind === "token" ? `token "${clean(name)}"` : clean(name);
