import type { Mutant } from "../mutant.ts";

export const of = (file: string, name: string, find: string, replace: string): Mutant => ({ name, file, find, replace });
