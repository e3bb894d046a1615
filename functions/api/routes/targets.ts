import { Job } from "@berth/domain/job/job.ts";
import { instanceId, regionName, roleArn } from "@berth/domain/remote/ssm/role.ts";
import { userName } from "@berth/domain/remote/user-name.ts";
import { checkTarget, getTarget, listTargets, removeTarget, Target, trustTarget } from "@berth/domain/target/target.ts";
import { Hono } from "hono";
import * as z from "zod";
import { all, contract, name } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Targets";
const params = z.object({ target: z.string().min(1).max(60).describe("Id or name") });
const labels = z.array(name).max(20).default([]);
const Added = z.object({ target: Target, job: Job });

export const targets = new Hono<Env>()
  .get(
    "/targets",
    contract(() => ({
      operationId: "listTargets",
      summary: "Your servers, oldest first",
      tag,
      scope: "read",
      needs: "read",
      answers: { 200: { description: "All of them", schema: all(Target) } },
    })),
    async (c) => c.json({ items: await listTargets(c.var.ctx) }, 200),
  )
  .post(
    "/targets",
    contract(() => ({
      operationId: "addTarget",
      summary:
        "Register a server; the answer's public key has to be let in there, or the role in its AWS account has to trust the answer's account",
      tag,
      scope: "admin",
      needs: "grow",
      body: z.object({
        name,
        host: z.string().min(1).max(253).optional(),
        port: z.number().int().min(1).max(65_535).default(22),
        user: z.string().max(32).regex(userName, "a Unix user name").default("root"),
        ssm: z
          .object({
            instance: z.string().max(20).regex(instanceId, "the id of an EC2 instance or of a managed node"),
            region: z.string().max(30).regex(regionName, "the name of an AWS Region"),
            role: z.string().max(95).regex(roleArn, "the ARN of a role whose name begins with berth"),
          })
          .optional()
          .describe("Of a server that is reached by SSM, in place of host, port and user"),
      }),
      answers: { 201: { description: "Registered, with the job that looks at it", schema: Added } },
      problems: [
        "auth.proof",
        "target.exists",
        "target.address",
        "billing.targets_full",
        "rate.limited",
        "idempotency.mismatch",
        "idempotency.busy",
      ],
    })),
    async (c) => {
      const { addTarget } = await import("@berth/domain/target/add.ts");
      return c.json(await addTarget(c.var.ctx, c.req.valid("json")), 201);
    },
  )
  .get(
    "/targets/:target",
    contract(() => ({
      operationId: "getTarget",
      summary: "One server",
      tag,
      scope: "read",
      needs: "read",
      params,
      answers: { 200: { description: "The target", schema: Target } },
      problems: ["target.not_found"],
    })),
    async (c) => c.json(await getTarget(c.var.ctx, c.req.valid("param").target), 200),
  )
  .delete(
    "/targets/:target",
    contract(() => ({
      operationId: "removeTarget",
      summary: "Forget a server that no app is placed on",
      tag,
      scope: "admin",
      needs: "grow",
      params,
      answers: { 204: { description: "Forgotten" } },
      problems: ["target.not_found", "target.in_use"],
    })),
    async (c) => {
      await removeTarget(c.var.ctx, c.req.valid("param").target);
      return c.body(null, 204);
    },
  )
  .post(
    "/targets/:target/check",
    contract(() => ({
      operationId: "checkTarget",
      summary: "Look at a server: host key, Docker, Compose, architecture, disk",
      tag,
      scope: "deploy",
      needs: "check",
      params,
      answers: { 202: { description: "The job that looks", schema: Job } },
      problems: ["target.not_found", "rate.limited", "idempotency.mismatch", "idempotency.busy"],
    })),
    async (c) => c.json(await checkTarget(c.var.ctx, c.req.valid("param").target), 202),
  )
  .post(
    "/targets/:target/bootstrap",
    contract(() => ({
      operationId: "bootstrapTarget",
      summary: "Let the target's key in with a password, which is used once and never kept longer",
      tag,
      scope: "admin",
      needs: "grow",
      params,
      body: z.object({
        password: z
          .string()
          .max(1024)
          .regex(/^[^\p{Cc}\p{Cs}]{1,1024}$/u, "1 to 1024 characters, none of them a control character"),
      }),
      answers: { 202: { description: "The job that adds it; check the server when it has succeeded", schema: Job } },
      problems: ["target.not_found", "target.untrusted", "target.not_by_ssh", "target.bootstrapping", "rate.limited"],
    })),
    async (c) => {
      const { bootstrapTarget } = await import("@berth/domain/target/bootstrap.ts");
      return c.json(await bootstrapTarget(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .post(
    "/targets/:target/labels",
    contract(() => ({
      operationId: "labelTarget",
      summary: "Add labels to a server, or remove some",
      tag,
      scope: "admin",
      needs: "check",
      params,
      body: z.object({ add: labels, remove: labels }),
      answers: { 200: { description: "The target with its labels", schema: Target } },
      problems: ["target.not_found", "target.labels_full"],
    })),
    async (c) => {
      const { labelTarget } = await import("@berth/domain/target/label.ts");
      return c.json(await labelTarget(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 200);
    },
  )
  .post(
    "/targets/:target/default",
    contract(() => ({
      operationId: "useTarget",
      summary: "Where apps go whose first deployment names no server",
      tag,
      scope: "admin",
      needs: "check",
      params,
      answers: { 200: { description: "The target, now the account's default", schema: Target } },
      problems: ["target.not_found"],
    })),
    async (c) => {
      const { useTarget } = await import("@berth/domain/target/use.ts");
      return c.json(await useTarget(c.var.ctx, c.req.valid("param")), 200);
    },
  )
  .post(
    "/targets/:target/prepare",
    contract(() => ({
      operationId: "prepareTarget",
      summary: "Install Docker on a server, or turn logins by password off or on",
      tag,
      scope: "admin",
      needs: "grow",
      params,
      body: z.object({ what: z.enum(["docker", "passwords.off", "passwords.on"]) }),
      answers: { 202: { description: "The job that does it; check the server when it has succeeded", schema: Job } },
      problems: ["target.not_found", "target.untrusted", "rate.limited", "idempotency.mismatch", "idempotency.busy"],
    })),
    async (c) => {
      const { prepareTarget } = await import("@berth/domain/target/prepare.ts");
      return c.json(await prepareTarget(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202);
    },
  )
  .post(
    "/targets/:target/trust",
    contract(() => ({
      operationId: "trustTarget",
      summary: "Confirm the host key a server showed",
      tag,
      scope: "admin",
      needs: "check",
      params,
      body: z.object({
        fingerprint: z
          .string()
          .max(50)
          .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "SHA256: and 43 characters"),
      }),
      answers: { 202: { description: "Confirmed, with the job that checks the server", schema: Added } },
      problems: [
        "auth.proof",
        "target.not_found",
        "target.not_by_ssh",
        "target.untrusted",
        "target.key_mismatch",
        "rate.limited",
        "idempotency.mismatch",
        "idempotency.busy",
      ],
    })),
    async (c) => c.json(await trustTarget(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }), 202),
  );
