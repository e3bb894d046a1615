import { isReference, REFERENCE_LENGTH } from "@berth/domain/compose/reference.ts";
import { getDeployment, listDeployments } from "@berth/domain/deployment/deployment.ts";
import { Job } from "@berth/domain/job/job.ts";
import { Hono } from "hono";
import * as z from "zod";
import { contract, lineOf, name, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Deployments";
const app = z.object({ app: z.string().min(1).max(60) });

const VARIABLES_MOST = 1000;
/** As many as a Compose file may have services. */
const IMAGES_MOST = 200;

export const Bundle = z.object({
  compose: z
    .string()
    .min(1)
    .max(256 * 1024)
    .describe("The Compose file's text, where it is one that reads no other")
    .optional(),
  composeFiles: z
    .array(z.string().min(1).max(200))
    .min(1)
    .max(20)
    .describe("Instead of it: the paths of the Compose files among `files`, in the order in which Compose merges them")
    .optional(),
  files: z
    .array(
      z.object({
        path: z.string().min(1).max(200),
        content: z
          .base64()
          .max(1024 * 1024)
          .describe("Base64"),
        executable: z.boolean().optional().describe("Whether it can be executed"),
      }),
    )
    .max(200)
    .default([]),
  variables: z
    .record(
      // Names that Compose accepts in an env file: also `app.datasource.url`, `a-b`, `a[0]`, `1a`.
      z
        .string()
        .max(200)
        .regex(/^[\p{L}\p{N}_.\-[\]]([\p{L}\p{N}_.\-[\]\t\v\f\r\u0085\u00a0]*[\p{L}\p{N}_.\-[\]])?$/u),
      z
        .string()
        .max(32 * 1024)
        .regex(/^[^\0]*$/),
    )
    .refine((variables) => Object.keys(variables).length <= VARIABLES_MOST, `at most ${VARIABLES_MOST} variables`)
    .meta({ maxProperties: VARIABLES_MOST })
    .default({}),
});

export const Images = z
  .record(
    z
      .string()
      .max(100)
      .regex(/^[a-zA-Z0-9._-]{1,100}$/, "a service's name"),
    z.string().max(REFERENCE_LENGTH).refine(isReference, "an image like ghcr.io/acme/web@sha256:…"),
  )
  .refine((images) => Object.keys(images).length <= IMAGES_MOST, `at most ${IMAGES_MOST} images`)
  .meta({ maxProperties: IMAGES_MOST })
  .describe("Images by service, in place of what the Compose file says; with a digest each is always the same image");

/** Loaded at first use: it brings the YAML parser, a fifth of all that the API would load at its start. */
const verbs = () => import("@berth/domain/deployment/deploy.ts");

export const deployments = new Hono<Env>()
  .get(
    "/apps/:app/deployments",
    contract({
      operationId: "listDeployments",
      summary: "An app's deployments, newest first",
      tag,
      scope: "read",
      needs: "read",
      params: app,
      query: z.object(paging),
      answers: { 200: { description: "A page", schema: page(Job) } },
      problems: ["app.not_found"],
    }),
    async (c) => c.json(await listDeployments(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }), 200),
  )
  .post(
    "/apps/:app/deployments",
    contract({
      operationId: "createDeployment",
      bodyBytes: 1024 * 1024,
      remembers: true,
      summary: "Make a release of the bundle and deploy it. Answers at once with the job",
      tag,
      scope: "deploy",
      needs: "grow",
      params: app,
      body: z.object({
        environment: name.optional(),
        bundle: Bundle,
        images: Images.optional(),
        targets: z.array(z.string().min(1).max(60)).max(15).optional(),
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
      }),
      answers: { 202: { description: "Accepted", schema: Job } },
      problems: [
        "app.not_found",
        "app.busy",
        "target.not_found",
        "target.untrusted",
        "deployment.no_target",
        "environment.too_many",
        "compose.invalid",
        "compose.unsupported",
        "compose.no_service",
        "deployment.too_many",
        "plan.not_found",
        "plan.stale",
        "bundle.too_large",
        "input.too_large",
        "billing.slots_full",
        "version.stale",
        "idempotency.mismatch",
      ],
    }),
    async (c) => {
      const { deploy } = await verbs();
      return c.json(await deploy(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .get(
    "/apps/:app/deployments/:deployment",
    contract({
      operationId: "getDeployment",
      summary: "One deployment",
      tag,
      scope: "read",
      needs: "read",
      params: app.extend({ deployment: z.string().max(60) }),
      answers: { 200: { description: "The deployment", schema: Job } },
      problems: ["app.not_found", "deployment.not_found"],
    }),
    async (c) => c.json(await getDeployment(c.var.ctx, c.req.valid("param")), 200),
  )
  .post(
    "/apps/:app/rollback",
    contract({
      operationId: "rollback",
      remembers: true,
      summary: "Deploy an earlier healthy release: the one before the live one, unless a number is given",
      tag,
      scope: "deploy",
      needs: "rollback",
      params: app,
      body: z.object({ environment: name.optional(), release: z.number().int().min(1).optional() }),
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
    }),
    async (c) => {
      const { rollback } = await verbs();
      return c.json(await rollback(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .post(
    "/apps/:app/start",
    contract({
      operationId: "startApp",
      remembers: true,
      summary: "Deploy the live release again where its containers are down; no image is asked of a registry",
      tag,
      scope: "deploy",
      needs: "rollback",
      params: app,
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
    }),
    async (c) => {
      const { startApp } = await verbs();
      return c.json(await startApp(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  );
