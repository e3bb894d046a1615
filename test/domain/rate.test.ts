import { fromNetwork, type Limit, limitAll, network } from "@berth/domain/rate-limit.ts";
import { afterAll, expect, test } from "vitest";
import { testWorld } from "../support/world.ts";

const rates = testWorld();
const { world } = rates;
afterAll(() => rates.close());

const limited = (...limits: readonly Limit[]) =>
  limitAll(world, limits).then(
    () => "let through",
    ({ code, facts }) => `${code} for ${facts.retryAfter}`,
  );
const of = (name: string, most: number): Limit => ({ name, most, seconds: 60 });

test("a call past one of its limits counts in none of them, in whatever order they come", async () => {
  expect(await limited(of("full", 1))).toBe("let through");
  for (let i = 0; i < 3; i++) {
    expect(await limited(of("own", 2), of("full", 1))).toMatch(/^rate\.limited/);
    expect(await limited(of("full", 1), of("own", 2))).toMatch(/^rate\.limited/);
  }
  expect(await limited(of("own", 2))).toBe("let through");
  expect(await limited(of("own", 2))).toBe("let through");
  expect(await limited(of("own", 2))).toMatch(/^rate\.limited/);
});

test("of many calls at once no more are let through than may be", async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => limited(of("race", 5))));
  expect(all.filter((each) => each === "let through")).toHaveLength(5);
});

test("whoever is refused is told when the window ends, and is let through then", async () => {
  expect(await limited(of("later", 1))).toBe("let through");
  const told = /for (\d+)$/.exec(await limited(of("later", 1)))?.[1];
  expect(Number(told)).toBeGreaterThan(0);
  await rates.clock.advance(Number(told));
  expect(await limited(of("later", 1))).toBe("let through");
});

test("a line of IPv6 is one caller whichever of its addresses it uses, and a site of 65,536 lines is ten", () => {
  expect(network("2001:db8:1:2::1")).toBe(network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  expect(network("2001:db8:1:2::1")).not.toBe(network("2001:db8:1:3::1"));
  expect(network("198.51.100.1")).not.toBe(network("198.51.100.2"));
  const [, site] = fromNetwork("x", "2001:db8:1:2::1", { most: 3, seconds: 60 });
  expect(site).toEqual({ ...fromNetwork("x", "2001:db8:1:ffff::1", { most: 3, seconds: 60 })[1], most: 30 });
  expect(fromNetwork("x", "198.51.100.1", { most: 3, seconds: 60 })).toHaveLength(1);
});
