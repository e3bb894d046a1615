import { AppStatus, AppView, appStatus, viewApp, viewApps } from "@berth/domain/app/status.ts";
import { Job } from "@berth/domain/job/job.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, inApp, name, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Apps";
const environment = name.optional();

export const apps = new Hono<Env>()
  .get(
    "/apps",
    contract(() => ({
      operationId: "listApps",
      summary: "Your apps by name, with what serves where",
      tag,
      scope: "read",
      needs: "read",
      query: z.object(paging),
      answers: { 200: { description: "A page", schema: page(AppView) } },
    })),
    async (c) => c.json(await viewApps(c.var.ctx, c.req.valid("query")), 200),
  )
  .post(
    "/apps",
    contract(() => ({
      operationId: "createApp",
      summary: "Make an app; it holds no slot until it is deployed",
      tag,
      scope: "deploy",
      needs: "grow",
      body: z.object({ name, template: z.literal("compose").default("compose") }),
      answers: { 201: { description: "Made", schema: AppView } },
      problems: ["app.exists", "app.too_many", "idempotency.mismatch", "idempotency.busy"],
    })),
    async (c) => {
      const { createApp } = await import("@berth/domain/app/create.ts");
      return c.json(await createApp(c.var.ctx, c.req.valid("json")), 201);
    },
  )
  .get(
    "/apps/:app",
    contract(() => ({
      operationId: "getApp",
      summary: "One app",
      tag,
      scope: "read",
      needs: "read",
      params: inApp,
      answers: { 200: { description: "The app", schema: AppView } },
      problems: ["app.not_found"],
    })),
    async (c) => c.json(await viewApp(c.var.ctx, c.req.valid("param").app), 200),
  )
  .delete(
    "/apps/:app",
    contract(() => ({
      operationId: "removeApp",
      summary: "Take an app off its servers. Volumes stay unless they are to be deleted",
      tag,
      scope: "admin",
      needs: "grow",
      params: inApp,
      query: z.object({ environment, volumes: z.enum(["keep", "delete"]).default("keep") }),
      answers: {
        202: { description: "The job that takes it off", schema: Job },
        204: { description: "It ran nowhere; it is gone" },
      },
      problems: ["app.not_found", "app.busy", "deployment.too_many", "version.stale"],
    })),
    async (c) => {
      const { removeApp } = await import("@berth/domain/deployment/remove.ts");
      const job = await removeApp(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") });
      return job ? c.json(job, 202) : c.body(null, 204);
    },
  )
  .get(
    "/apps/:app/status",
    contract(() => ({
      operationId: "getAppStatus",
      summary:
        "One app with its containers as they were last seen, and the last job of each environment. `fresh=true` asks the servers first, for some seconds",
      tag,
      scope: "read",
      needs: "read",
      params: inApp,
      query: z.object({ fresh: z.enum(["true", "false"]).default("false") }),
      answers: { 200: { description: "The status", schema: AppStatus } },
      problems: ["app.not_found", "rate.limited"],
    })),
    async (c) =>
      c.json(await appStatus(c.var.ctx, c.req.valid("param").app, { fresh: c.req.valid("query").fresh === "true" }), 200),
  );
