import { test } from "vitest";
import { runHistories } from "./history-batch.ts";

// Half of the twenty thousand; the other half runs beside it.
test("after each of 10,000 random histories the account is what derive makes of Stripe's last snapshot", async () => {
  await runHistories({ first: 1, count: 10_000 });
}, 1_800_000);
