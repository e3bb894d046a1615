import { endpoint, type Vars } from "./env.ts";

const KEEP_MILLISECONDS = 5 * 60_000;
const kept = new Map<string, { value: string; until: number }>();

/** @throws Error when it is missing or empty */
export async function parameter(env: Vars, name: string): Promise<string> {
  const known = kept.get(name);
  if (known && known.until > Date.now()) return known.value;
  const { readParameter } = await import("./ssm.ts");
  const value = await readParameter(endpoint(env, "ssm"), name);
  if (!value) throw new Error(`parameter ${name} is empty`);
  kept.set(name, { value, until: Date.now() + KEEP_MILLISECONDS });
  return value;
}
