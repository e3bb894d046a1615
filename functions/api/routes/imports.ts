import { Export } from "@berth/domain/import/export.ts";
import { Imported, listImports } from "@berth/domain/import/imported.ts";
import { ImportPlan } from "@berth/domain/import/item.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Imports";

export const imports = new Hono<Env>()
  .get(
    "/imports",
    contract(() => ({
      operationId: "listImports",
      summary: "What is kept of imported apps: Compose file, variables' names, releases, webhooks to set up",
      tag,
      scope: "read",
      needs: "read",
      query: z.object(paging),
      answers: { 200: { description: "A page, by app", schema: page(Imported) } },
    })),
    async (c) => c.json(await listImports(c.var.ctx, c.req.valid("query")), 200),
  )
  .post(
    "/imports",
    contract(() => ({
      operationId: "createImport",
      bodyBytes: 1024 * 1024,
      summary: "Plan how a self-hosted installation becomes this account's, then apply that plan. Nothing is deployed",
      tag,
      scope: "admin",
      needs: "import",
      body: z.object({
        document: Export,
        apply: z.boolean().default(false),
        plan: z
          .string()
          .max(64)
          .regex(/^[0-9a-f]{64}$/, "a plan's digest")
          .optional()
          .describe("The plan to apply, as an answer without `apply` gave it"),
      }),
      answers: { 200: { description: "The plan, or what became of it", schema: ImportPlan } },
      problems: ["import.secret", "import.plan_changed", "app.too_many", "idempotency.mismatch", "idempotency.busy"],
    })),
    async (c) => {
      // Loaded at first use: it brings the YAML parser.
      const { importSelfHosted } = await import("@berth/domain/import/apply.ts");
      return c.json(await importSelfHosted(c.var.ctx, c.req.valid("json")), 200);
    },
  );
