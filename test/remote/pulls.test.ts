import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { asked, deploy, host, id, images, running, useRegistry } from "./registry.ts";

useRegistry();

describe("progress tells each service's image", () => {
  const two = "services:\n  web:\n    image: page:1\n  worker:\n    image: page:1\n  redis:\n    image: redis:7\n";
  const recorded: [string, string, string[]][] = [
    [
      "Compose 2.26",
      " redis Pulling \n web Pulling \n a1b2 Pulling fs layer \n web Pulled \n redis Pulled \n",
      ["redis: Pulling", "web: Pulling", "worker: Pulling", "web: Pulled", "worker: Pulled", "redis: Pulled"],
    ],
    [
      "Compose 2.40",
      " web  Pulling\n worker  Skipped - Image is already being pulled by web\n redis  Pulling\n redis  Pulled\n web  Pulled\n",
      ["web: Pulling", "worker: Pulling", "redis: Pulling", "redis: Pulled", "web: Pulled", "worker: Pulled"],
    ],
    [
      "Compose 5",
      " Image page:1 Pulling \n Image redis:7 Pulling \n Image redis:7 Pulled \n Image page:1 Pulled \n",
      ["web: Pulling", "worker: Pulling", "redis: Pulling", "redis: Pulled", "web: Pulled", "worker: Pulled"],
    ],
    ["a wording nobody knows", " Artifact page:1 is now Pulling \n Layer x Pulled \n", []],
  ];
  test.each(recorded)("in the words of %s", async (_, lines, told) => {
    host.set("config", two);
    host.set("pull.lines", lines);
    const { exit, events } = await deploy(1);
    expect(exit.code).toBe(0);
    expect(images(events)).toEqual(told);
    if (told.length === 0) expect(events.map(({ text }) => text)).toContain("Layer x Pulled");
  });
});

describe("a pull fails with its class in the words of every Docker", () => {
  test.each<[string, string]>([
    [
      "registry.denied",
      'failed to resolve reference "r/a/b:1": unexpected status from HEAD request to http://r/v2/a/b/manifests/1: 403 Forbidden',
    ],
    [
      "registry.denied",
      "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to http://r/token?scope=a: 401 Unauthorized",
    ],
    [
      "registry.denied",
      "Error response from daemon: pull access denied for a/b, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    ],
    ["arch.mismatch", "Error response from daemon: no match for platform in manifest: not found"],
    [
      "arch.mismatch",
      "no matching manifest for linux/amd64 in the manifest list entries: no match for platform in manifest: not found",
    ],
    ["image.not_found", 'failed to resolve reference "r/a:1": r/a:1: not found'],
    ["image.not_found", "Error response from daemon: manifest for r/a:1 not found: manifest unknown: manifest unknown"],
    [
      "registry.unavailable",
      'Error response from daemon: Get "https://r/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
    ],
    ["registry.unavailable", "Error response from daemon: received unexpected HTTP status: 503 Service Unavailable"],
  ])("%s: %s", async (kind, words) => {
    host.set("pull.status", "18");
    host.set("pull.lines", ` web Pulling \n web Error ${words}\n${words}\n`);
    const { exit } = await deploy(1);
    expect(exit).toMatchObject({ class: kind, step: "pull", changed: false, message: expect.stringContaining(words) });
  });
});

describe("an image", () => {
  const of = (image: string, more = "") => host.set("config", `services:\n  web:\n    image: ${image}\n${more}`);

  test("given by a digest or an id that is here is not asked for", async () => {
    host.set("store", `${id("a")}\tpage:1\n`);
    for (const [nth, image] of [`page@${id("a")}`, id("a"), "a".repeat(64)].entries()) {
      of(image);
      expect((await deploy(nth + 1)).exit.code).toBe(0);
      expect(running()).toEqual([id("a")]);
    }
    expect(asked(" pull ")).toEqual([]);
  });

  test("given by an id that is not here is not asked for either, and the verdict says so", async () => {
    of(id("a"));
    expect((await deploy(1)).exit).toMatchObject({ class: "image.not_found", service: "web", changed: false });
    expect(asked(" pull ")).toEqual([]);
  });

  test("that its service keeps from being pulled is named, when it is not here", async () => {
    of("local:1", "    pull_policy: never\n");
    host.set("pull.nothing", "");
    const { exit } = await deploy(1);
    expect(exit).toMatchObject({ class: "image.not_found", service: "web", changed: false });
    expect(exit.message).toContain("pull_policy");
  });

  test.each(["--format={{.Config}}", "-q"])("whose name would be an option is none: %s", async (image) => {
    of(`'${image}'`);
    expect((await deploy(1)).exit).toMatchObject({ class: "compose.invalid", service: "web", changed: false });
    expect(existsSync(`${host.home}/state/shop-production/releases/1`)).toBe(false);
  });
});
