import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { proofCode } from "../api/proved.ts";
import type { Payer } from "../billing/payer.ts";
import { openStripeStage, type StripeStage } from "../billing/stripe-stage.ts";
import { flat, useCli } from "./harness.ts";

let stage: StripeStage;
const cli = useCli(async () => {
  stage = await openStripeStage({ chaos: "calm" });
  return stage.test;
});
afterAll(() => stage.close());

async function customer(): Promise<{ payer: Payer; token: string; email: string }> {
  const payer = await stage.signUp();
  await payer.buy("pro");
  return { payer, token: await payer.token(undefined, { proved: false }), email: payer.user.email };
}

test("a program proves in two steps, and then gets the link that leads into the portal", async () => {
  const { token, email } = await customer();
  const billing = async () => (await cli.berth(["billing", "--json"], { token })).json;
  expect(await billing()).toMatchObject({ portal: null, page: `${cli.url}/billing` });
  const sent = await cli.berth(["prove", "--json"], { token });
  expect(sent.json).toMatchObject({ to: [expect.stringContaining("…@example.com")], until: null, next: ["berth prove CODE"] });
  const wrong = await cli.berth(["prove", proofCode(stage.test, email) === "111111" ? "222222" : "111111", "--json"], { token });
  expect([wrong.code, wrong.json.code]).toEqual([1, "auth.code_wrong"]);
  const proof = await cli.berth(["prove", proofCode(stage.test, email)], { token });
  expect(proof.stdout).toMatch(/✓ Proved until/);
  const { portal } = await billing();
  expect(await (await fetch(portal)).text()).toContain("Cancel");
  expect((await cli.berth(["prove", "12"], { token })).code).toBe(1);
});

test("without a terminal the account is closed only when told so, and after a proof", async () => {
  const { token, email, payer } = await customer();
  const unsure = await cli.berth(["account", "delete", "--json"], { token });
  expect([unsure.code, unsure.json]).toMatchObject([1, { code: "cli.confirm", next: ["berth account delete --yes"] }]);
  const unproved = await cli.berth(["account", "delete", "--yes", "--json"], { token });
  expect([unproved.code, unproved.json]).toMatchObject([1, { code: "auth.proof", next: ["berth prove"] }]);
  expect(await payer.state()).toBe("active");
  await cli.berth(["prove"], { token });
  await cli.berth(["prove", proofCode(stage.test, email)], { token });
  const done = await cli.berth(["account", "delete", "--yes", "--json"], { token });
  expect([done.code, done.json]).toEqual([0, { status: "closed" }]);
  expect((await cli.berth(["account", "delete", "--yes"], { token })).code).toBe(4);
});

test("apps on servers are named, and stay where they are when they are to be left", async () => {
  const { token, email, payer } = await customer();
  await payer.target();
  await payer.app();
  await payer.work(await payer.deploy("shop", { targets: ["web1"] }));
  await cli.berth(["prove"], { token });
  await cli.berth(["prove", proofCode(stage.test, email)], { token });
  const kept = await cli.berth(["account", "delete", "--yes"], { token });
  expect(kept.code).toBe(1);
  expect(kept.stderr).toContain("shop (production) on web1");
  expect(kept.stderr).toContain("berth app remove shop");
  const done = await cli.berth(["account", "delete", "--leave-apps", "--yes"], { token });
  expect(done.stdout).toMatch(/✓ The account is closed/);
  expect(done.stdout).toContain("authorized_keys");
});

test("at a terminal it asks, asks for the code, and forgets the login", async () => {
  const { payer, email, token } = await customer();
  const folder = await cli.folder();
  const env = { BERTH_CONFIG_DIR: folder, BERTH_TOKEN: undefined };
  await cli.berth(["login", "--token", token], { env });
  const file = join(folder, "config.json");
  expect(await readFile(file, "utf8")).toContain(token);
  const canceled = await cli.atTerminal(["account", "delete"], [["Go on?", "n"]], { env });
  expect(canceled.code).toBe(2);
  expect(await payer.state()).toBe("active");
  const keys = [["Go on?", "y"] as const, ["Code from the mail", () => `${proofCode(stage.test, email)}\r`] as const];
  const done = await cli.atTerminal(["account", "delete"], keys, { env });
  expect(flat(done.stdout)).toContain("The account is closed");
  expect(done.code).toBe(0);
  expect(await readFile(file, "utf8")).not.toContain(token);
});
