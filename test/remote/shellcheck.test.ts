import { spawnSync } from "node:child_process";
import { modules } from "@berth/domain/remote/runner/modules.ts";
import { partOf, runner } from "@berth/domain/remote/runner.ts";
import { door, serve } from "@berth/domain/remote/ssm/scripts.ts";
import { expect, test } from "vitest";
import { installDeps, unavailable } from "../lab/deps.ts";

const reason = unavailable();

test.skipIf(reason)(
  `shellcheck has nothing to say of the runner${reason ? ` (skipped: ${reason})` : ""}`,
  () => {
    installDeps(["shellcheck"]);
    const { status, stdout } = spawnSync(process.execPath, ["scripts/shellcheck.ts"], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  },
  300_000,
);

test("no part of the runner is longer than 250 lines, and each begins with what it is about", () => {
  for (const name of modules) {
    const lines = partOf(name).split("\n");
    expect(lines.length, name).toBeLessThanOrEqual(251);
    expect(lines[name === "environment" ? 1 : 0], name).toMatch(/^# [A-Z].*\w/u);
  }
});

test("no two functions of the runner have one name: the later would be called for both", () => {
  const names = [...runner.matchAll(/^([a-z_]+)\(\)/gmu)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test.each([["dash"], ["bash", "--posix"], ["busybox", "sh"]])(
  "the runner and the channel over SSM are scripts to %s",
  (program, ...args) => {
    for (const input of [runner, door, serve]) {
      const { status, stderr, error } = spawnSync(program, [...args, "-n"], { input, encoding: "utf8" });
      if (error && "code" in error && error.code === "ENOENT") return;
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    }
  },
);
