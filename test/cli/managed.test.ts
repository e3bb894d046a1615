import { RemoteError } from "@berth/domain/remote/remote.ts";
import { beforeEach, expect, test } from "vitest";
import { useCli } from "./harness.ts";

const cli = useCli();
let tenant: Awaited<ReturnType<typeof cli.tenant>>;
beforeEach(async () => {
  tenant = await cli.tenant();
});
const ROLE = "arn:aws:iam::111122223333:role/berth";
const where = ["--ssm", "i-0abc1234def567890", "--region", "eu-central-1", "--role", ROLE];
const target = (...args: string[]) => cli.berth(["target", ...args], { token: tenant.secret });

test("a server that SSM manages is added and found ready, without a key, a host key or a question", async () => {
  const run = await target("add", "web2", ...where);
  expect(run.code, run.stderr).toBe(0);
  expect(run.stdout).toMatch(/✓ web2 is ready/);
  expect(run.stdout + run.stderr).not.toMatch(/ssh-ed25519|host key/);
  const shown = await target("show", "web2");
  expect(shown.stdout).toMatch(/Address\s+i-0abc1234def567890 in eu-central-1/);
  expect(shown.stdout).not.toContain("Public key");
});

test("where its role gives no access, the commands that make the role are printed, and again by show", async () => {
  cli.reach.refuse(new RemoteError("role.denied", "not authorized"));
  const run = await target("add", "web2", ...where);
  expect(run.code).toBe(1);
  for (const { stdout } of [run, await target("show", "web2")]) {
    expect(stdout).toContain("aws iam create-role --role-name berth --assume-role-policy-document '{");
    expect(stdout).toContain('"Principal":{"AWS":"999988887777"}');
    expect(stdout).toContain("arn:aws:ec2:eu-central-1:111122223333:instance/i-0abc1234def567890");
  }
  cli.reach.refuse(new RemoteError("role.denied", "not authorized"));
  expect((await target("check", "--all")).stdout).toContain("berth target show web2");
});

test("what is missing or is none is said before anything is registered", async () => {
  for (const [args, said] of [
    [["web2"], "address"],
    [["web2", "root@127.0.0.1", ...where], "address"],
    [["web2", "--ssm", "i-0abc1234def567890"], "--region and --role"],
    [["web2", "root@127.0.0.1", "--region", "eu-central-1"], "--ssm"],
    [["web2", "--ssm", "web2", ...where.slice(2)], "instance"],
    [["web2", ...where.slice(0, 5), "arn:aws:iam::111122223333:role/admin"], "berth"],
  ] as const) {
    const run = await target("add", ...args);
    expect(run.code, args.join(" ")).not.toBe(0);
    expect(run.stderr, args.join(" ")).toContain(said);
  }
  expect((await target("list", "--json")).stdout).toContain('"items":[]');
});

test("whoever forgets it is told of the role that is left", async () => {
  await target("add", "web2", ...where);
  const run = await target("remove", "web2", "--yes");
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toContain(ROLE);
});

test("there is nothing to trust and no password to use", async () => {
  await target("add", "web2", ...where);
  const trusted = await target("trust", "web2", "--yes");
  expect(trusted.code).not.toBe(0);
  expect(trusted.stderr).toContain("reached by SSM");
  const used = await cli.berth(["target", "bootstrap", "web2"], { token: tenant.secret, input: "" });
  expect(used.code).not.toBe(0);
  expect(used.stderr).toContain("reached by SSM");
});
