import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { importSelfHosted } from "@berth/domain/import/apply.ts";
import { Export } from "@berth/domain/import/export.ts";
import { addTarget } from "@berth/domain/target/add.ts";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { COMPOSE, testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

vi.mock(import("node:dns/promises"), { spy: true });

const t = testWorld();
afterAll(() => t.close());

/** What names lead to: nothing by itself, each answer by hand. */
let asked: string[] = [];
let open = 0;
let most = 0;
let answer: () => Promise<{ address: string; family: number }[]>;

beforeEach(() => {
  [asked, open, most] = [[], 0, 0];
  answer = async () => [{ address: "93.184.216.34", family: 4 }];
  vi.mocked(lookup).mockImplementation((async (host: string) => {
    if (isIP(host)) return [{ address: host, family: 4 }];
    asked.push(host);
    most = Math.max(most, ++open);
    await new Promise((resolve) => setImmediate(resolve));
    return answer().finally(() => open--);
  }) as unknown as typeof lookup);
});

const exported = (hosts: readonly string[]) =>
  Export.parse({
    format: "berth-self-hosted",
    version: 1,
    targets: hosts.map((host, i) => ({ name: `web${i}`, host, port: 1000 + i })),
    apps: [{ name: "shop", compose: COMPOSE, targets: ["web0"] }],
  });
const names = (count: number, of = "a") => Array.from({ length: count }, (_, i) => `${of}${i}.example.com`);
const actions = ({ items }: Awaited<ReturnType<typeof importSelfHosted>>) =>
  items.filter(({ kind }) => kind === "target").map(({ action }) => action);

/** Seconds, once so many are being asked about; with time for what they lead to. */
async function passes(seconds: number, names: number) {
  await vi.waitFor(() => expect(asked).toHaveLength(names), { timeout: 20_000 });
  for (let i = 0; i < seconds; i++) {
    await t.clock.advance(1);
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the names in an import are looked up only within limits", () => {
  test("for an account without a plan none is; an address that no target may have is told all the same", async () => {
    const tenant = await testTenant(t, { state: "none" });
    const document = exported([...names(40), "169.254.169.254"]);
    const plan = await importSelfHosted(tenant.ctx, { document, apply: false });
    expect(asked).toEqual([]);
    expect(actions(plan).slice(0, 40)).toEqual(Array.from({ length: 40 }, () => "over_limit"));
    expect(plan.items[40]).toMatchObject({ action: "skipped", reason: expect.stringMatching(/may not be reached/) });
  });

  test("each once in a request, and no more than four at a time", async () => {
    const tenant = await testTenant(t, { plan: "studio" });
    const document = exported([...names(10), ...names(10)]);
    const plan = await importSelfHosted(tenant.ctx, { document, apply: false });
    expect(asked.toSorted()).toEqual(names(10).toSorted());
    expect(most).toBe(4);
    expect(actions(plan).slice(0, 10)).toEqual(Array.from({ length: 10 }, () => "create"));
  });

  test("sixty a minute: past that the import is refused before one is looked up", async () => {
    const tenant = await testTenant(t, { plan: "studio" });
    const plan = (of: string) => importSelfHosted(tenant.ctx, { document: exported(names(25, of)), apply: false });
    await plan("a");
    await plan("b");
    await expect(plan("c")).rejects.toMatchObject({ code: "rate.limited", facts: { retryAfter: expect.any(Number) } });
    expect(asked).toHaveLength(50);
    await t.clock.advance(61);
    await plan("c");
    expect(asked).toHaveLength(75);
  });

  test("for ten seconds together, whatever the servers of names do, and then it is said", async () => {
    answer = () => new Promise(() => {});
    const tenant = await testTenant(t, { plan: "studio" });
    let plan: Awaited<ReturnType<typeof importSelfHosted>> | undefined;
    const asking = importSelfHosted(tenant.ctx, { document: exported(names(14)), apply: false }).then((each) => {
      plan = each;
    });
    await passes(11, 4);
    await asking;
    expect(asked).toHaveLength(8);
    const reasons = plan?.items.filter(({ kind }) => kind === "target").map(({ action, reason }) => `${action}: ${reason}`);
    expect(reasons).toEqual([
      ...Array.from({ length: 8 }, () => "skipped: The name was not found within 5 seconds."),
      ...Array.from({ length: 6 }, () => "skipped: The names took too long to look up; try again."),
    ]);
  });
});

test("a server whose name nobody answers for is refused by our own deadline", async () => {
  answer = () => new Promise(() => {});
  const tenant = await testTenant(t);
  let refused: unknown;
  const adding = addTarget(tenant.ctx, { name: "web1", host: "a.example.com", port: 22, user: "root" }).catch(
    (error: unknown) => {
      refused = error;
    },
  );
  await passes(6, 1);
  await adding;
  expect(refused).toMatchObject({ class: "address.unknown", message: "The name was not found within 5 seconds" });
});
