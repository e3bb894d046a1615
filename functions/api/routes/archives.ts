import { ARCHIVES_MOST } from "@berth/domain/release/archive.ts";
import { Hono } from "hono";
import * as z from "zod";
import { all, contract, inApp } from "../contract.ts";
import { Archive } from "../deployed.ts";
import type { Env } from "../request.ts";

const Upload = z.object({
  hash: z.string(),
  url: z.string().describe("Where to PUT it within the hour"),
  headers: z.record(z.string(), z.string()).describe("To be sent with it, besides its length"),
});

export const archives = new Hono<Env>().post(
  "/apps/:app/archives",
  contract(() => ({
    operationId: "prepareArchives",
    summary: "Which of the archives that a release is built from have to be sent, and where to; the others are kept already",
    tag: "Deployments",
    scope: "deploy",
    needs: "grow",
    params: inApp,
    body: z.object({ archives: z.array(Archive).min(1).max(ARCHIVES_MOST) }),
    answers: { 200: { description: "Those to be sent", schema: all(Upload) } },
    problems: ["app.not_found", "bundle.too_large", "rate.limited"],
  })),
  async (c) => {
    const { prepareArchives } = await import("@berth/domain/release/archives.ts");
    const uploads = await prepareArchives(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") });
    return c.json({ items: uploads.map(({ hash, url, headers }) => ({ hash, url, headers: { ...headers } })) }, 200);
  },
);
