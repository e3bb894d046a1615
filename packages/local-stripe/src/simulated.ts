import { invalid } from "./errors.ts";

/**
 * Refuse what the API knows and this account does not simulate. Taking it in silence would let a program rely here on what it then
 * meets elsewhere for the first time. What asks for nothing (`false`, empty) passes.
 */
export function onlySimulated(input: object, simulated: readonly string[], what: string): void {
  for (const [key, value] of Object.entries(input))
    if (!simulated.includes(key) && key !== "expand" && asksForSomething(value))
      throw invalid(`The local Stripe does not simulate \`${key}\` ${what}.`, { param: key });
}

function asksForSomething(value: unknown): boolean {
  if (value === false || value === "" || value === undefined) return false;
  if (typeof value === "object" && value !== null) return Object.values(value).some(asksForSomething);
  return true;
}
