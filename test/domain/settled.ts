import { afterAll } from "vitest";
import { COMPOSE, testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

export const made = testWorld();

export const bundle = { compose: COMPOSE, files: [], variables: {} };
export const outcome = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error) => String(error.code ?? error),
  );
/** A tenant with a server and an app. */
export const settled = async () => {
  const tenant = await testTenant(made);
  await tenant.target();
  await tenant.app();
  return tenant;
};

/** Closes the world after the tests of a file. */
export function useWorld(): void {
  afterAll(() => made.close());
}
