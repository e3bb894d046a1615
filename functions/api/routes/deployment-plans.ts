import { DeploymentPlan, getPlan } from "@berth/domain/plan/view.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, inApp } from "../contract.ts";
import { Deployed, deployedRefusals } from "../deployed.ts";
import type { Env } from "../request.ts";

const tag = "Deployments";

/** Loaded at first use: it brings the YAML parser. */
const verbs = () => import("@berth/domain/plan/make.ts");

export const deploymentPlans = new Hono<Env>()
  .post(
    "/apps/:app/plans",
    contract(() => ({
      operationId: "createPlan",
      bodyBytes: 1024 * 1024,
      summary:
        "Ask the servers what deploying the bundle would do. Answers at once; the plan is whole when its job has succeeded",
      tag,
      scope: "plan",
      needs: "check",
      params: inApp,
      body: Deployed,
      answers: { 202: { description: "Accepted", schema: DeploymentPlan } },
      problems: [...deployedRefusals, "rate.limited", "idempotency.mismatch"],
    })),
    async (c) => {
      const { makePlan } = await verbs();
      return c.json(await makePlan(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .get(
    "/apps/:app/plans/:plan",
    contract(() => ({
      operationId: "getPlan",
      summary: "A plan, with what each server has answered so far",
      tag,
      scope: "read",
      needs: "read",
      params: inApp.extend({ plan: z.string().max(60) }),
      answers: { 200: { description: "The plan", schema: DeploymentPlan } },
      problems: ["app.not_found", "plan.not_found"],
    })),
    async (c) => c.json(await getPlan(c.var.ctx, c.req.valid("param")), 200),
  );
