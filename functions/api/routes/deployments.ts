import { getDeployment, listDeployments } from "@berth/domain/deployment/deployment.ts";
import { accesses } from "@berth/domain/entitlement/access.ts";
import { Job } from "@berth/domain/job/job.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, inApp, lineOf, name, page, paging } from "../contract.ts";
import { Deployed, deployedRefusals } from "../deployed.ts";
import type { Env } from "../request.ts";

const tag = "Deployments";

/** What a deployment goes on with. */
const accepted = {
  acceptDataRisk: z
    .boolean()
    .optional()
    .describe(
      "Go on where the plan says that data is at risk; otherwise the deployment fails with `data.at_risk` before it does anything",
    ),
  allow: z
    .array(z.enum(accesses))
    .max(accesses.length)
    .optional()
    .describe("Access that the policy asks about; otherwise the deployment fails with `policy.denied` before it does anything"),
};

/** Loaded at first use: it brings the YAML parser, a fifth of all that the API would load at its start. */
const verbs = () => import("@berth/domain/deployment/deploy.ts");

export const deployments = new Hono<Env>()
  .get(
    "/apps/:app/deployments",
    contract(() => ({
      operationId: "listDeployments",
      summary: "An app's deployments, newest first",
      tag,
      scope: "read",
      needs: "read",
      params: inApp,
      query: z.object(paging),
      answers: { 200: { description: "A page", schema: page(Job) } },
      problems: ["app.not_found"],
    })),
    async (c) => c.json(await listDeployments(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }), 200),
  )
  .post(
    "/apps/:app/deployments",
    contract(() => ({
      operationId: "createDeployment",
      bodyBytes: 1024 * 1024,
      remembers: true,
      summary: "Make a release of the bundle and deploy it. Answers at once with the job",
      tag,
      scope: "deploy",
      needs: "grow",
      params: inApp,
      body: Deployed.extend({
        note: lineOf(0, 200).optional(),
        origin: z
          .string()
          .max(300)
          .optional()
          .describe("Where the bundle was made, like github.com/acme/shop:web or laptop:/home/ada/shop; kept with the release"),
        waitSeconds: z
          .number()
          .int()
          .min(1)
          .max(2700)
          .optional()
          .describe("How long to wait for a service to become healthy or for a job to end; without it, as the Compose file says"),
        replaceFiles: z
          .boolean()
          .optional()
          .describe("Replace files of the app that were changed on the server; otherwise they are kept"),
        plan: z
          .string()
          .max(16)
          .regex(/^[0-9a-f]{16}$/)
          .optional()
          .describe("The hash of a plan: exactly that is done, or nothing"),
        plaintext: z
          .array(
            z
              .string()
              .max(100)
              .regex(/^[\w.-]{1,100}$/, "a variable's name"),
          )
          .max(50)
          .optional()
          .describe("Credentials that stand in the Compose files and may, by their variables; kept in the audit log"),
        ...accepted,
      }),
      answers: { 202: { description: "Accepted", schema: Job } },
      problems: [
        "app.busy",
        ...deployedRefusals,
        "environment.too_many",
        "deployment.too_many",
        "plan.not_found",
        "plan.stale",
        "data.at_risk",
        "billing.slots_full",
        "version.stale",
        "idempotency.mismatch",
      ],
    })),
    async (c) => {
      const { deploy } = await verbs();
      return c.json(await deploy(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .get(
    "/apps/:app/deployments/:deployment",
    contract(() => ({
      operationId: "getDeployment",
      summary: "One deployment",
      tag,
      scope: "read",
      needs: "read",
      params: inApp.extend({ deployment: z.string().max(60) }),
      answers: { 200: { description: "The deployment", schema: Job } },
      problems: ["app.not_found", "deployment.not_found"],
    })),
    async (c) => c.json(await getDeployment(c.var.ctx, c.req.valid("param")), 200),
  )
  .post(
    "/apps/:app/rollback",
    contract(() => ({
      operationId: "rollback",
      remembers: true,
      summary: "Deploy an earlier healthy release: the one before the live one, unless a number is given",
      tag,
      scope: "deploy",
      needs: "rollback",
      params: inApp,
      body: z.object({ environment: name.optional(), release: z.number().int().min(1).optional(), ...accepted }),
      answers: { 202: { description: "Accepted", schema: Job } },
      problems: [
        "app.not_found",
        "app.busy",
        "release.not_found",
        "release.none_earlier",
        "release.never_healthy",
        "release.too_old",
        "release.live",
        "deployment.too_many",
        "version.stale",
        "idempotency.mismatch",
      ],
    })),
    async (c) => {
      const { rollback } = await verbs();
      return c.json(await rollback(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .post(
    "/apps/:app/start",
    contract(() => ({
      operationId: "startApp",
      remembers: true,
      summary: "Deploy the live release again where its containers are down; no image is asked of a registry",
      tag,
      scope: "deploy",
      needs: "rollback",
      params: inApp,
      body: z.object({ environment: name.optional() }),
      answers: { 202: { description: "Accepted", schema: Job } },
      problems: [
        "app.not_found",
        "app.not_deployed",
        "app.busy",
        "release.mixed",
        "deployment.too_many",
        "version.stale",
        "idempotency.mismatch",
      ],
    })),
    async (c) => {
      const { startApp } = await verbs();
      return c.json(await startApp(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .post(
    "/apps/:app/variables/apply",
    contract(() => ({
      operationId: "applyVariables",
      remembers: true,
      summary:
        "Deploy what is live, with the secrets and variables as they are now, and the add-ons where it says so; containers that use none of what changed stay",
      tag,
      scope: "deploy",
      needs: "grow",
      params: inApp,
      body: z.object({
        environment: name.optional(),
        addons: z.boolean().optional().describe("With the add-ons as they are now too"),
        acceptDataRisk: accepted.acceptDataRisk,
      }),
      answers: { 202: { description: "Accepted", schema: Job } },
      problems: [
        "app.not_found",
        "app.not_deployed",
        "app.busy",
        "release.mixed",
        "deployment.too_many",
        "variable.no_namespace",
        "version.stale",
        "idempotency.mismatch",
      ],
    })),
    async (c) => {
      const { applyVariables } = await import("@berth/domain/deployment/apply.ts");
      return c.json(await applyVariables(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  );
