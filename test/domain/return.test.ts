import { newEnvironment } from "@berth/domain/app/app.ts";
import { earlier, isLive, keptHealthy, rollbackProblem } from "@berth/domain/release/return.ts";
import { expect, test } from "vitest";

test("a rollback that names no release goes to the one before the live one, as it came to be for the first time", () => {
  expect(earlier({ healthy: [1, 2, 3], live: { a: 3 } })).toBe(2);
  expect(earlier({ healthy: [1, 2, 3, 2], live: { a: 2 } })).toBe(1);
  expect(earlier({ healthy: [1], live: { a: 1 } })).toBeUndefined();
  expect(earlier({ healthy: [], live: {} })).toBeUndefined();
});

test("where a deploy went live on some servers only it goes to what all of them had before it", () => {
  expect(earlier({ healthy: [1, 2], live: { a: 3, b: 2 } })).toBe(2);
  expect(earlier({ healthy: [1], live: { a: 2, b: 1 } })).toBe(1);
});

test("a release is live only where every server has it", () => {
  expect(isLive({ live: { a: 2, b: 2 }, placement: ["a", "b"] }, 2)).toBe(true);
  expect(isLive({ live: { a: 2, b: 1 }, placement: ["a", "b"] }, 2)).toBe(false);
  expect(isLive({ live: { a: 2 }, placement: ["a", "b"] }, 2)).toBe(false);
  expect(isLive({ live: {}, placement: [] }, 2)).toBe(false);
});

test("a release that is live everywhere, was never healthy everywhere, or is long past is refused with its own reason", () => {
  const environment = { ...newEnvironment("shop", "production"), healthy: [3, 4], live: { a: 4 }, placement: ["a"], releases: 6 };
  expect(rollbackProblem(environment, 4, true)?.code).toBe("release.live");
  expect(rollbackProblem(environment, 5, false)).toMatchObject({
    code: "release.never_healthy",
    next: ["berth rollback 3 --app shop"],
  });
  expect(rollbackProblem(environment, 1, true)?.code).toBe("release.too_old");
  expect(rollbackProblem(environment, 3, true)).toBeUndefined();
});

test("twenty healthy releases are kept, and one that was started again is no step of its own", () => {
  const many = Array.from({ length: 30 }, (_, i) => i + 1);
  expect(keptHealthy(many)).toEqual(many.slice(-20));
  expect(keptHealthy([1, 1, 2, 2, 2, 1])).toEqual([1, 2, 1]);
});
