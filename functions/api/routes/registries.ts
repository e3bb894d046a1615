import { Job } from "@berth/domain/job/job.ts";
import { listRegistries, Registry, removeRegistry } from "@berth/domain/registry/registry.ts";
import { HOST_MOST, registryHost } from "@berth/domain/remote/registry-host.ts";
import { Hono } from "hono";
import * as z from "zod";
import { all, contract } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Registries";
const host = z
  .string()
  .max(HOST_MOST)
  .regex(registryHost, "a registry's host as image names begin with it, such as ghcr.io; Docker Hub is docker.io");
const params = z.object({ host: z.string().min(1).max(HOST_MOST) });
const user = z
  .string()
  .max(255)
  .regex(/^[!-9;-~]{1,255}$/, "printable characters without spaces and colons");
const password = z
  .string()
  .max(4096)
  .regex(/^[^\p{Cc}\p{Cs}]{6,4096}$/u, "6 to 4096 characters, none of them a control character");

export const registries = new Hono<Env>()
  .get(
    "/registries",
    contract(() => ({
      operationId: "listRegistries",
      summary: "The registries that logins are stored for, without the passwords",
      tag,
      scope: "read",
      needs: "read",
      answers: { 200: { description: "All of them", schema: all(Registry) } },
    })),
    async (c) => c.json({ items: await listRegistries(c.var.ctx) }, 200),
  )
  .post(
    "/registries",
    contract(() => ({
      operationId: "addRegistry",
      summary: "Store a login for a registry, or another one in its place",
      tag,
      scope: "admin",
      needs: "grow",
      body: z.object({ host, user, password }),
      answers: { 201: { description: "Stored; deploys of images from there have it", schema: Registry } },
      problems: ["registry.too_many"],
    })),
    async (c) => {
      const { addRegistry } = await import("@berth/domain/registry/add.ts");
      return c.json(await addRegistry(c.var.ctx, c.req.valid("json")), 201);
    },
  )
  .delete(
    "/registries/:host",
    contract(() => ({
      operationId: "removeRegistry",
      summary: "Remove a registry's login",
      tag,
      scope: "admin",
      needs: "forget",
      params,
      answers: { 204: { description: "Removed" } },
      problems: ["registry.not_found"],
    })),
    async (c) => {
      await removeRegistry(c.var.ctx, c.req.valid("param").host);
      return c.body(null, 204);
    },
  )
  .post(
    "/registries/:host/check",
    contract(() => ({
      operationId: "checkRegistry",
      summary: "Ask the registry from your servers whether it takes the login",
      tag,
      scope: "deploy",
      needs: "check",
      params,
      body: z.object({
        targets: z.array(z.string().min(1).max(60)).max(20).optional().describe("Ids or names; by default every confirmed one"),
      }),
      answers: { 202: { description: "The job that asks", schema: Job } },
      problems: [
        "registry.not_found",
        "registry.no_target",
        "target.not_found",
        "target.untrusted",
        "rate.limited",
        "idempotency.mismatch",
        "idempotency.busy",
      ],
    })),
    async (c) => {
      const { checkRegistry } = await import("@berth/domain/registry/check.ts");
      return c.json(await checkRegistry(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  );
