import { getRelease, listReleases, ReleaseView, ReleaseWithImages } from "@berth/domain/release/view.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, inApp, name, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Releases";
const environment = name.optional();

export const releases = new Hono<Env>()
  .get(
    "/apps/:app/releases",
    contract(() => ({
      operationId: "listReleases",
      summary: "An environment's releases, newest first, with how each came out",
      tag,
      scope: "read",
      needs: "read",
      params: inApp,
      query: z.object({ ...paging, environment }),
      answers: { 200: { description: "A page", schema: page(ReleaseView) } },
      problems: ["app.not_found"],
    })),
    async (c) => c.json(await listReleases(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }), 200),
  )
  .get(
    "/apps/:app/releases/:number",
    contract(() => ({
      operationId: "getRelease",
      summary: "One release, with the images that it was first healthy with on each target",
      tag,
      scope: "read",
      needs: "read",
      params: inApp.extend({ number: z.coerce.number().int().min(1).max(999_999) }),
      query: z.object({ environment }),
      answers: { 200: { description: "The release", schema: ReleaseWithImages } },
      problems: ["app.not_found", "release.not_found"],
    })),
    async (c) => c.json(await getRelease(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }), 200),
  );
