import { type Ceiling, retryDelay, take, withHold } from "@berth/domain/held.ts";
import { afterAll, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const made = testWorld();
afterAll(() => made.close());

const three: Ceiling = { name: "three", most: 3, seconds: 60 };
const free = (hold: Awaited<ReturnType<typeof take>>) => "release" in hold;

test("of thirty that take one at the same moment three have it, and who gives one back makes room for one", async () => {
  const { ctx } = await testTenant(made);
  const holds = await Promise.all(Array.from({ length: 30 }, () => take(ctx, three)));
  const held = holds.filter((hold) => "release" in hold);
  expect(held).toHaveLength(3);
  expect(free(await take(ctx, three))).toBe(false);
  await held[0]?.release();
  expect(free(await take(ctx, three))).toBe(true);
  expect(free(await take(ctx, three))).toBe(false);
});

test("what is never given back counts no more when its time is over, and until then it is said how long that is", async () => {
  const { ctx } = await testTenant(made);
  for (let i = 0; i < 3; i++) {
    await take(ctx, three);
    await made.clock.advance(10);
  }
  expect(await take(ctx, three)).toEqual({ freeInSeconds: 30 });
  await made.clock.advance(31);
  expect(free(await take(ctx, three))).toBe(true);
  expect(free(await take(ctx, three))).toBe(false);
});

test("those that find no room are sent away for one moment after the other, as far apart as room becomes free, and for no longer than two minutes", async () => {
  const { ctx } = await testTenant(made);
  const holds = await Promise.all([take(ctx, three), take(ctx, three), take(ctx, three)]);
  const sentAway = async (count: number) => {
    const seconds = [];
    for (let i = 0; i < count; i++) seconds.push(await retryDelay(ctx, three));
    return seconds;
  };
  // Nothing is known yet: a guess of five seconds for three at once.
  expect(await sentAway(4)).toEqual([2, 4, 5, 7]);
  await made.clock.advance(30);
  // They have been held for thirty seconds now.
  expect(await sentAway(3)).toEqual([10, 20, 30]);
  expect((await sentAway(100)).slice(-90)).toEqual(Array.from({ length: 90 }, () => 120));
  for (const hold of holds) if ("release" in hold) await hold.release();
  await made.clock.advance(200);
  for (const hold of await Promise.all([take(ctx, three), take(ctx, three), take(ctx, three)]))
    if ("release" in hold) await hold.release();
  // And those before were given back at once.
  expect(await sentAway(3)).toEqual([1, 1, 1]);
  expect((await Promise.all(Array.from({ length: 30 }, () => retryDelay(ctx, three)))).every((each) => each >= 1)).toBe(true);
});

test("what one tenant holds is not counted with another's, nor one kind with another kind", async () => {
  const [one, other] = [await testTenant(made), await testTenant(made)];
  for (let i = 0; i < 3; i++) await take(one.ctx, three);
  expect(free(await take(one.ctx, three))).toBe(false);
  expect(free(await take(other.ctx, three))).toBe(true);
  expect(free(await take(one.ctx, { ...three, name: "others" }))).toBe(true);
});

test("it is given back also when what was done with it failed", async () => {
  const { ctx } = await testTenant(made);
  for (let i = 0; i < 5; i++) await expect(withHold(ctx, three, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await withHold(ctx, three, () => Promise.resolve("done"))).toBe("done");
});
