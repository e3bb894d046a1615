import type { Exit } from "@berth/domain/remote/remote.ts";
import { describe, expect, test } from "vitest";
import { deployOf, runOn } from "./host.ts";
import { asked, deploy, host, id, images, running, useRegistry } from "./registry.ts";

useRegistry();

const offer = (image: string) => host.set("registry", `page:1\t${image}\n`);
const tags = () =>
  host
    .read("../fake/store")
    .split("\n")
    .filter((line) => line.includes("berth/"))
    .sort();
const sick = (is: boolean) => {
  host.set("up.status", is ? "1" : "0");
  host.set("up.lines", is ? "Error response from daemon: it does not start\n" : "");
};

describe("after its tag has moved", () => {
  test("a release that fails is put back to the image that the one before was healthy with", async () => {
    offer(id("a"));
    expect((await deploy(1)).exit.code).toBe(0);
    offer(id("b"));
    sick(true);
    expect((await deploy(2)).exit).toMatchObject({ class: "start.failed", changed: true });
    expect(host.read("state/shop-production/2.pinned.yaml")).toContain(id("b"));
    expect(running()).toEqual([id("a")]);
  });

  test("a rollback starts the old image by its id, asks no registry, and changes no pin", async () => {
    offer(id("a"));
    await deploy(1);
    const pinned = host.read("state/shop-production/1.pinned.yaml");
    offer(id("b"));
    await deploy(2);
    expect(running()).toEqual([id("b")]);
    const pulls = asked(" pull ").length;
    const { exit } = await deploy(1, { pull: "missing" });
    expect(exit).toMatchObject({ code: 0, data: { "image.web": `${id("a")} page@${id("a")}` } });
    expect(running()).toEqual([id("a")]);
    expect(host.read("state/shop-production/1.pinned.yaml")).toBe(pinned);
    expect(asked(" pull ")).toHaveLength(pulls);
  });

  test("a release that was healthy keeps its image, whatever it is deployed with", async () => {
    offer(id("a"));
    await deploy(1);
    offer(id("b"));
    expect((await deploy(1, { pull: "always" })).exit.code).toBe(0);
    expect(running()).toEqual([id("a")]);
  });

  test("a release that was never healthy takes what its tag means now", async () => {
    offer(id("a"));
    sick(true);
    await deploy(1);
    offer(id("b"));
    sick(false);
    expect((await deploy(1)).exit.code).toBe(0);
    expect(running()).toEqual([id("b")]);
  });

  test("a run that is started again after the server went away goes on with the image it had", async () => {
    offer(id("a"));
    host.set("up.kill", "");
    const first = await deploy(1, {}, { job: "job_cut" });
    expect(first.exit).toMatchObject({ class: "interrupted" });
    offer(id("b"));
    const again = await deploy(1, {}, { job: "job_cut" });
    expect(again.exit.code).toBe(0);
    expect(running()).toEqual([id("a")]);
  });
});

describe("an image that is gone from the server", () => {
  const tidied = () => host.set("store", "");

  test("is fetched by its digest, and never by its tag", async () => {
    offer(id("a"));
    await deploy(1);
    offer(id("b"));
    await deploy(2);
    tidied();
    const pulls = asked(" pull -- ").length;
    const { exit, events } = await deploy(1, { pull: "missing" });
    expect(exit.code).toBe(0);
    expect(running()).toEqual([id("a")]);
    expect(asked(" pull -- ")).toHaveLength(pulls);
    expect(asked("pull --quiet")).toEqual([`pull --quiet -- page@${id("a")}`]);
    expect(images(events)).toEqual(["web: Pulling", "web: Pulled", "web: page:1 is already on the server"]);
  });

  test("is fetched by the digest that came with the order on a server that never had the release", async () => {
    offer(id("b"));
    const { exit } = await deploy(1, { pull: "missing", pins: `web\t-\tpage@${id("a")}\n` });
    expect(exit.code).toBe(0);
    expect(running()).toEqual([id("a")]);
  });

  test.each<[string, string | undefined, Partial<Exit>]>([
    [
      "it is not in the registry any more",
      "Error response from daemon: manifest for page@sha256:a not found: manifest unknown\n",
      { class: "image.gone" },
    ],
    [
      "the registry is away",
      'Error response from daemon: Get "https://r/v2/": dial tcp: connection refused\n',
      { class: "registry.unavailable" },
    ],
    [
      "the server is not let in",
      "Error response from daemon: unauthorized: authentication required\n",
      { class: "registry.denied" },
    ],
  ])("and that cannot be fetched is said to be, and nothing is changed: %s", async (_, words, verdict) => {
    offer(id("a"));
    await deploy(1);
    offer(id("b"));
    await deploy(2);
    tidied();
    host.set("pull.lines", words ?? "");
    const { exit } = await deploy(1, { pull: "missing" });
    expect(exit).toMatchObject({ ...verdict, step: "pull", changed: false });
    expect(running()).toEqual([id("b")]);
  });

  test("and that no registry has is said to be, by its service", async () => {
    const { exit } = await deploy(1, { pull: "missing" });
    expect(exit).toMatchObject({ class: "image.gone", service: "web", changed: false });
    expect(exit.message).toContain("release 1");
  });

  test("is fetched by its digest while a failed release is put back", async () => {
    offer(id("a"));
    await deploy(1);
    offer(id("b"));
    sick(true);
    host.set("up.tidies", "");
    await deploy(2);
    expect(asked("pull --quiet")).toEqual([`pull --quiet -- page@${id("a")}`]);
    expect(running()).toEqual([id("a")]);
  });
});

describe("what Berth keeps on a server", () => {
  test("is one tag a service of each release that can be gone back to, and what it pulled itself goes with the release", async () => {
    host.set("store", `${id("9")}\tpage:1\n${id("8")}\tother:1\n`);
    for (const [nth, digit] of ["9", "a", "b", "b", "c"].entries()) {
      offer(id(digit));
      expect((await deploy(nth + 1, { keep: "2" })).exit.code).toBe(0);
    }
    expect(tags()).toEqual([
      `${id("9")}\tberth/shop-production/web:1`,
      `${id("b")}\tberth/shop-production/web:4`,
      `${id("c")}\tberth/shop-production/web:5`,
    ]);
    // What was there before is the customer's: it was not pulled by Berth and has no other name any more.
    expect(host.read("../fake/store")).not.toContain(id("a"));
    expect(host.read("../fake/store")).toContain(`${id("8")}\tother:1`);
  });

  test("goes with the app", async () => {
    offer(id("a"));
    await deploy(1);
    await deploy(2);
    expect(tags()).toHaveLength(2);
    expect((await deploy(0, {}, { op: "remove", files: [] })).exit.code).toBe(0);
    expect(host.read("../fake/store")).toBe("");
    expect(host.read("pulled")).toBe("");
  });

  test("is nobody else's: an image that another app's release has stays", async () => {
    offer(id("a"));
    await deploy(1);
    await deploy(1, { project: "blog-production", app_id: "ten_1/app_2" });
    await deploy(0, {}, { op: "remove", files: [] });
    expect(tags()).toEqual([`${id("a")}\tberth/blog-production/web:1`]);
    await deploy(0, { project: "blog-production", app_id: "ten_1/app_2" }, { op: "remove", files: [] });
    expect(host.read("../fake/store")).toBe("");
  });

  test("is named so that Docker takes it, whatever the service is called", async () => {
    const names = ["web", "Web", "_web", "web-", "a.b", "--help", "2"];
    host.set("config", `services:\n${names.map((name) => `  "${name}":\n    image: page:1\n`).join("")}`);
    expect((await deploy(1)).exit.code).toBe(0);
    const made = tags().map((line) => line.split("\t")[1] ?? "");
    expect(made).toHaveLength(names.length);
    for (const tag of made) expect(tag).toMatch(/^berth\/shop-production\/[a-z0-9]+(?:-+[a-z0-9]+)*:1$/u);
    expect(running()).toEqual(names.map(() => id("1")));
  });
});

test("a service that a provider runs needs no image, and is none of what is pinned", async () => {
  host.set(
    "config",
    "name: x\nservices:\n  db:\n    provider:\n      type: model\n      options:\n        model: x\n  web:\n    image: page:1\n",
  );
  const { exit } = await deploy(1);
  expect(exit).toMatchObject({ code: 0 });
  expect(Object.keys(exit.data).filter((key) => key.startsWith("image."))).toEqual(["image.web"]);
  expect(host.read("state/shop-production/1.pinned.yaml")).not.toContain('"db"');
});

test("a container that runs a release's image is shown with the image as the release names it", async () => {
  const told = (service: string, image: string) =>
    `{"name":"/x","service":"${service}","image":"${image}","imageId":"${image}","state":"running","health":null,"exit":0,"restarts":0,"started":"2026-01-02T03:04:05Z","finished":"0001-01-01T00:00:00Z","policy":"always"}\t\n`;
  host.set("config", "services:\n  web:\n    image: r:5000/Page_1:2\n  b:\n    image: page:1\n");
  host.set("registry", `r:5000/Page_1:2\t${id("a")}\npage:1\t${id("a")}\n`);
  host.set("containers", told("web", id("a")) + told("b", id("a")) + told("c", id("a")) + told("web", id("f")));
  const { exit } = await deploy(1);
  const shown = [
    ["web", "r:5000/Page_1:2"],
    ["b", "page:1"],
    ["c", id("a")],
    ["web", id("f")],
  ];
  const images = (seen: Exit) => seen.containers?.items.map(({ service, image }) => [service, image]);
  expect(images(exit)).toEqual(shown);
  const values = { project: "shop-production", app_id: "ten_1/app_1" };
  const inspected = await runOn(host, { ...deployOf("job_inspect"), op: "inspect", files: [], values });
  expect(images(inspected.exit as Exit)).toEqual(shown);
});
