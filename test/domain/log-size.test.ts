import { randomBytes } from "node:crypto";
import { batchWriter } from "@berth/domain/log/batch-writer.ts";
import { batchesAfter } from "@berth/domain/log/log.ts";
import { tracker, unread } from "@berth/domain/log/position.ts";
import type { RunEvent } from "@berth/domain/remote/remote.ts";
import { afterAll, describe, expect, test } from "vitest";
import { testTenant } from "../support/tenant.ts";
import { testWorld } from "../support/world.ts";

const t = testWorld();
afterAll(() => t.close());

const target = { id: "tgt_1", name: "web1" };
const moment = (i: number) => `2027-03-01T12:00:00.${String(i).padStart(9, "0")}Z`;
const id = (i: number) => i.toString(16).padStart(12, "0");
const noise = (bytes: number) => randomBytes(bytes).toString("base64");

/** A worker that follows one server and writes its lines. */
async function following() {
  const { ctx } = await testTenant(t);
  const rows: number[] = [];
  t.engine.onRecord(({ dynamodb }) => {
    if (dynamodb.Keys?.pk?.S?.includes(`${ctx.tenant}#LOG`)) rows.push(JSON.stringify(dynamodb.NewImage).length);
  });
  const position = tracker(target, unread());
  const out = batchWriter(ctx, "log_1", { seq: 0, progress: {}, by: "turn", onLost: () => {} });
  let seq = 0;
  return {
    ctx,
    out,
    rows,
    receive(event: Partial<RunEvent>) {
      const found = position.track({ seq: ++seq, at: "2027-03-01T12:00:00.000Z", type: "log", ...event });
      if (found.kind === "line") out.add(found.item, found.update);
      else if (found.kind !== "nothing") out.update(found.update);
      return found;
    },
  };
}

describe("what a server says of itself is bounded as its lines are", () => {
  test("a long name in the place of a service costs no more than a short one, and counts", async () => {
    const { receive, out, rows, ctx } = await following();
    for (let i = 0; i < 3000; i++) receive({ step: `${id(1)} ${moment(i)}`, service: noise(2900), text: "x" });
    await out.done(true);
    expect(Math.max(...rows)).toBeLessThan(400_000);
    const [first] = await batchesAfter(ctx, "log_1", 0);
    for (const item of first?.items ?? []) expect(item.type === "log" && item.service.length).toBe(100);
    const bytes = first?.items.reduce((sum, item) => sum + JSON.stringify(item).length, 0);
    expect(bytes).toBeLessThan(300_000);
  });

  test("remarks and containers without end take neither memory nor room in every row", async () => {
    const { receive, out, rows, ctx } = await following();
    for (let i = 0; i < 300; i++) receive({ step: "", service: "web", text: noise(2900) });
    let kept = 0;
    for (let i = 0; i < 5000; i++) {
      if (receive({ type: "note", step: `${id(i)} ${moment(i)} 1` }).kind === "update") kept++;
      receive({ type: "note", step: `${id(i)} follows` });
    }
    expect(kept).toBe(200);
    for (let i = 0; i < 1000; i++) receive({ step: `${id(100_000 + i)} ${moment(i)}`, service: "web", text: "x" });
    await out.done(false);
    rows.length = 0;
    const next = batchWriter(ctx, "log_1", { seq: 100, progress: out.progress, by: "turn2", onLost: () => {} });
    next.add({ type: "log", at: "2027-03-01T12:00:00.000Z", target: "web1", service: "web", text: "one more" });
    await next.done(false);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toBeLessThan(12_000);
  });

  test("of how far a container was read, only the last position waits to be written", async () => {
    const { out } = await following();
    let applied = 0;
    for (let i = 0; i < 1000; i++) out.update({ key: `tgt_1 ${id(i % 3)}`, apply: () => void applied++ });
    await out.done(true);
    expect(applied).toBe(3);
  });
});
