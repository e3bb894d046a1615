/** The images that one server has built, as a worker gets them for another. */
import { carriedFrom } from "@berth/domain/deployment/carry.ts";
import { deploy } from "@berth/domain/deployment/deploy.ts";
import { findRelease } from "@berth/domain/release/release.ts";
import type { Reach } from "@berth/domain/remote/reach.ts";
import { type Carried, RemoteError, type RunInput } from "@berth/domain/remote/remote.ts";
import { describe, expect, test } from "vitest";
import { scriptedReach } from "../support/reach.ts";
import { messages, ready, useWorld } from "./rollouts.ts";

useWorld();

const bundle = {
  compose: "services:\n  web:\n    build: ./web\n  db:\n    image: postgres:17\n",
  files: [],
  variables: { PASSWORD: "canary-of-the-app" },
  archives: [{ hash: "a".repeat(64), bytes: 7 }],
};

async function* once(text: string) {
  yield Buffer.from(text);
}

/** What a worker gets from a builder that answers so, and what that was asked. */
async function from(save: ((input: RunInput) => Promise<Carried>) | undefined) {
  const { tenant, target } = await ready();
  const made = await deploy(tenant.ctx, { app: "shop", bundle });
  messages(tenant);
  const scripted = scriptedReach();
  const asked: RunInput[] = [];
  let open = 0;
  const reach: Reach = {
    ...scripted,
    async connect(...address) {
      const remote = await scripted.connect(...address);
      open++;
      const close = async () => void open--;
      const packing = (input: RunInput) => {
        asked.push(input);
        return save?.(input) ?? Promise.reject(new Error("it cannot"));
      };
      return { ...remote, close, ...(save && { save: packing }) };
    },
  };
  const job = { ...made, app: "shop", appId: made.appId ?? "", environment: "production" };
  const release = await findRelease(tenant.system, job.appId, "production", 1);
  const redact = (text: string) => text.replaceAll("canary-of-the-app", "***");
  const get = carriedFrom(tenant.system, reach, { job, release, builder: target.id }, redact);
  const bring = (...services: string[]) => get(services, new AbortController().signal);
  return { scripted, asked, bring, open: () => open };
}

describe("images that another server has built", () => {
  test("are asked for by release and service, and the connection ends with the last of them", async () => {
    const { bring, asked, open } = await from(async () => ({ bytes: 4, content: once("pack") }));
    const pack = await bring("web");
    if ("gone" in pack) throw new Error(pack.gone);
    expect(asked).toMatchObject([
      { op: "save", files: [], values: { project: "shop-production", release: "1", services: "web\n" } },
    ]);
    expect(open()).toBe(1);
    let text = "";
    for await (const part of pack.content) text += Buffer.from(part).toString();
    expect([text, open()]).toEqual(["pack", 0]);
  });

  test("are none where a server asks for what the release does not build", async () => {
    const { bring, asked } = await from(async () => ({ bytes: 4, content: once("pack") }));
    expect(await bring("db")).toEqual({ gone: "The server asks for what the release does not build" });
    expect(await bring("web", "other")).toHaveProperty("gone");
    expect(asked).toEqual([]);
  });

  test("are said to be gone in the builder's words, without what is secret, and the connection ends", async () => {
    const { bring, open } = await from(async () => ({ gone: "No such image canary-of-the-app" }));
    expect(await bring("web")).toEqual({ gone: "web1, which built the images: No such image ***" });
    expect(open()).toBe(0);
  });

  test("are tried for again where the builder is away, and not where it is another server", async () => {
    const { bring, scripted } = await from(async () => ({ bytes: 4, content: once("pack") }));
    scripted.refuse(new RemoteError("refused", "Nothing listens on that port"));
    await expect(bring("web")).rejects.toMatchObject({
      class: "unreachable",
      message: expect.stringContaining("web1, which built"),
    });
    scripted.refuse(new RemoteError("hostkey.changed", "The server showed another host key"));
    expect(await bring("web")).toEqual({ gone: "web1, which built the images: The server showed another host key" });
  });

  test("are none where the builder is reached in a way by which they cannot be fetched", async () => {
    const { bring } = await from(undefined);
    expect(await bring("web")).toMatchObject({ gone: expect.stringContaining("cannot be fetched") });
  });
});
