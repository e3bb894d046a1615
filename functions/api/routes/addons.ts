import { AddonView } from "@berth/domain/addon/addon.ts";
import { kindNames } from "@berth/domain/addon/kind.ts";
import { Job } from "@berth/domain/job/job.ts";
import { Hono } from "hono";
import * as z from "zod";
import { all, contract, inApp, name } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Add-ons";
/** Loaded at first use: what add-ons are made of. */
const views = () => import("@berth/domain/addon/view.ts");

const place = z.object({ environment: name.optional() });
const one = inApp.extend({ addon: z.string().min(1).max(39) });

const services = z
  .array(
    z
      .string()
      .max(100)
      .regex(/^[a-zA-Z0-9._-]{1,100}$/, "a service's name"),
  )
  .min(1)
  .max(50)
  .describe("The services that get its variables; by default each that reaches it and is no database itself");
const args = z
  .array(
    z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u, "no control characters"),
  )
  .min(1)
  .max(50)
  .describe("Added to the command line of its server, such as -c and max_connections=200");
const memory = z
  .string()
  .max(12)
  .regex(/^[1-9][0-9]{0,9}[bkmg]$/, "a number with b, k, m or g, such as 512m")
  .describe("The most memory it may have");

export const addons = new Hono<Env>()
  .get(
    "/apps/:app/addons",
    contract(() => ({
      operationId: "listAddons",
      summary: "The databases, caches and queues beside an app, with what it finds each by. No passwords",
      tag,
      scope: "read",
      needs: "read",
      params: inApp,
      query: place,
      answers: { 200: { description: "All of the environment", schema: all(AddonView) } },
      problems: ["app.not_found"],
    })),
    async (c) =>
      c.json({ items: await (await views()).listAddons(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }) }, 200),
  )
  .post(
    "/apps/:app/addons",
    contract(() => ({
      operationId: "addAddon",
      summary: "Add a database, cache or queue to an app, from its next deployment on",
      tag,
      scope: "deploy",
      needs: "grow",
      params: inApp,
      body: z.object({
        environment: name.optional(),
        kind: z.enum(kindNames),
        name: name.optional().describe("That of its kind by default; any other one begins the names of its variables"),
        version: z
          .string()
          .max(10)
          .optional()
          .describe("A major version; by default the usual one, or that of the data that is kept"),
        services: services.optional(),
      }),
      answers: { 201: { description: "Added", schema: AddonView } },
      problems: [
        "app.not_found",
        "addon.exists",
        "addon.kept",
        "addon.too_many",
        "compose.conflict",
        "idempotency.mismatch",
        "idempotency.busy",
      ],
    })),
    async (c) => {
      const { addAddon } = await import("@berth/domain/addon/add.ts");
      return c.json(await addAddon(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 201);
    },
  )
  .get(
    "/apps/:app/addons/:addon",
    contract(() => ({
      operationId: "getAddon",
      summary: "One add-on",
      tag,
      scope: "read",
      needs: "read",
      params: one,
      query: place,
      answers: { 200: { description: "The add-on", schema: AddonView } },
      problems: ["app.not_found", "addon.not_found"],
    })),
    async (c) => c.json(await (await views()).getAddon(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }), 200),
  )
  .patch(
    "/apps/:app/addons/:addon",
    contract(() => ({
      operationId: "setAddon",
      summary:
        "Choose who gets an add-on's variables, its image within the version, arguments or memory. Null takes a choice back",
      tag,
      scope: "deploy",
      needs: "grow",
      params: one,
      body: z.object({
        environment: name.optional(),
        services: services.nullable().optional(),
        image: z.string().max(500).nullable().optional().describe("An image of the same version, such as pgvector/pgvector:pg17"),
        args: args.nullable().optional(),
        memory: memory.nullable().optional(),
      }),
      answers: { 200: { description: "As it is from the next deployment on", schema: AddonView } },
      problems: ["app.not_found", "addon.not_found", "version.stale"],
    })),
    async (c) => {
      const { setAddon } = await import("@berth/domain/addon/set.ts");
      const { environment, ...choices } = c.req.valid("json");
      return c.json(await setAddon(c.var.ctx, { ...c.req.valid("param"), environment, choices }), 200);
    },
  )
  .post(
    "/apps/:app/addons/:addon/upgrade",
    contract(() => ({
      operationId: "upgradeAddon",
      remembers: true,
      summary:
        "Deploy what is live with another version of an add-on. What reaches it is stopped while its data is taken over into a new volume, for an hour at most; the old volume is kept for 72 hours",
      tag,
      scope: "deploy",
      needs: "grow",
      params: one,
      body: z.object({
        environment: name.optional(),
        version: z
          .string()
          .max(10)
          .optional()
          .describe("A newer major version; without it the newest image of the one that it has, on the same volume"),
        image: z.string().max(500).optional().describe("An image of that version, where it is not its maker's"),
      }),
      answers: { 202: { description: "Accepted", schema: Job } },
      problems: [
        "app.not_found",
        "addon.not_found",
        "addon.not_live",
        "addon.several",
        "app.not_deployed",
        "app.busy",
        "release.mixed",
        "deployment.too_many",
        "version.stale",
        "idempotency.mismatch",
      ],
    })),
    async (c) => {
      const { upgradeAddon } = await import("@berth/domain/deployment/upgrade.ts");
      return c.json(await upgradeAddon(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .delete(
    "/apps/:app/addons/:addon",
    contract(() => ({
      operationId: "removeAddon",
      summary: "Take an add-on out of later deployments. Its data stays on the servers",
      tag,
      scope: "deploy",
      needs: "grow",
      params: one,
      query: place,
      answers: {
        200: {
          description: "Where its data is; null where no release had it",
          schema: z.object({
            name: z.string(),
            kept: z.object({ volume: z.string(), targets: z.array(z.string()) }).nullable(),
          }),
        },
      },
      problems: ["app.not_found", "addon.not_found", "version.stale"],
    })),
    async (c) => {
      const { removeAddon } = await import("@berth/domain/addon/remove.ts");
      return c.json(await removeAddon(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }), 200);
    },
  );
