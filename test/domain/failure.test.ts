import { failureOf } from "@berth/domain/rollout/failure.ts";
import { redactor } from "@berth/domain/secret/redact.ts";
import { expect, test } from "vitest";
import { failed } from "../support/reach.ts";

const redact = redactor({ DB_PASSWORD: "hunter2hunter2" });

test("an error is cut to 4 KB after its secrets are taken out, so that no cut leaves half of one", () => {
  for (let before = 4080; before < 4100; before++) {
    const { message } = failureOf(
      failed({ class: "unhealthy", message: `${"x".repeat(before)}hunter2hunter2 and more` }),
      redact,
    );
    expect(message).not.toContain("hunt");
    expect(message.length).toBeLessThanOrEqual(4096);
  }
});

test("nor does a control character in its middle hide a secret", () => {
  const { message, log } = failureOf(
    failed({ class: "unhealthy", message: "hunter2\u0000hunter2", log: ["a", "b hunter2hun\u0007ter2"] }),
    redact,
  );
  expect(message).toBe("[secret]");
  expect(log).toEqual(["a", "b [secret]"]);
});
