import { expect, test } from "vitest";
import { environmentStatus } from "../../packages/web/src/app/app-row.tsx";

type Environment = Parameters<typeof environmentStatus>[0];
const at = "2027-03-01T12:00:00.000Z";

/** An environment on these targets, by the releases that are live there. */
const on = (state: Environment["state"], releases: readonly (number | null)[], seenAt: string | null = at): Environment => ({
  name: "production",
  release: 2,
  releases: 2,
  state,
  seenAt,
  targets: releases.map((release, i) => ({ id: `t${i}`, name: `web${i}`, release, state, seenAt })),
  job: null,
});

test("an app is said to run only where that was seen, on all of its targets in the same release", () => {
  const word = (environment: Environment, busy = false) => environmentStatus(environment, busy).word;
  expect(word(on("running", [2, 2]))).toBe("Running");
  expect(word(on("running", [2, 1]))).toBe("Differs by target");
  expect(word(on("running", [2, null]))).toBe("Differs by target");
  expect(word(on("running", [2], null))).toBe("Not seen yet");
  expect(word(on("running", [null]))).toBe("Not live");
  expect(word(on("running", [2]), true)).toBe("Changing");
  for (const state of ["degraded", "stopped", "unknown"] as const) {
    expect(word(on(state, [2]))).not.toBe("Running");
    expect(word(on(state, [2, 1]))).not.toBe("Differs by target");
    expect(environmentStatus(on(state, [2]), false).tone).not.toBe("good");
  }
});
