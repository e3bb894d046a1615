import { Activity, getActivity } from "@berth/domain/job/activity.ts";
import { Event, listEvents } from "@berth/domain/job/event.ts";
import { followJob } from "@berth/domain/job/follow.ts";
import { getJob, Job, JobKind, listJobs } from "@berth/domain/job/job.ts";
import { TargetPlan } from "@berth/domain/plan/plan.ts";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import * as z from "zod";
import { contract, page, paging } from "../contract.ts";
import type { Env } from "../request.ts";

const tag = "Jobs";
const params = z.object({ job: z.string().max(60) });

export const jobs = new Hono<Env>()
  .get(
    "/activity",
    contract(() => ({
      operationId: "getActivity",
      summary: "Deploys and removals under way; cheap, to be asked for again and again",
      tag,
      scope: "read",
      needs: "read",
      answers: { 200: { description: "What goes on", schema: Activity } },
    })),
    async (c) => c.json(await getActivity(c.var.ctx), 200),
  )
  .get(
    "/jobs",
    contract(() => ({
      operationId: "listJobs",
      summary: "Background work, newest first",
      tag,
      scope: "read",
      needs: "read",
      query: z.object({ ...paging, app: z.string().max(60).optional(), kind: JobKind.optional() }),
      answers: { 200: { description: "A page", schema: page(Job) } },
    })),
    async (c) => c.json(await listJobs(c.var.ctx, c.req.valid("query")), 200),
  )
  .get(
    "/jobs/:job",
    contract(() => ({
      operationId: "getJob",
      summary: "One job",
      tag,
      scope: "read",
      needs: "read",
      params,
      answers: { 200: { description: "The job", schema: Job } },
      problems: ["job.not_found"],
    })),
    async (c) => c.json(await getJob(c.var.ctx, c.req.valid("param").job), 200),
  )
  .get(
    "/jobs/:job/events",
    contract(() => ({
      operationId: "listJobEvents",
      summary: "What a job's runs said, after a cursor; waits for more. With `Accept: text/event-stream` as a stream",
      tag,
      scope: "read",
      needs: "read",
      params,
      query: z.object({
        after: z.string().max(1000).optional(),
        wait: z.coerce.number().int().min(0).max(20).default(0),
        seen: z.coerce.number().int().min(0).optional().describe("The job's version as last seen: a newer one is not waited for"),
      }),
      answers: {
        200: {
          description: "Events, the cursor after them, and the job as it is",
          schema: z.object({
            items: z.array(Event.extend({ target: z.string(), name: z.string(), plan: TargetPlan.optional() })),
            next: z.string(),
            done: z.boolean(),
            job: Job,
          }),
        },
      },
      problems: ["job.not_found", "rate.limited"],
    })),
    async (c) => {
      const { after, wait, seen } = c.req.valid("query");
      const { job } = c.req.valid("param");
      if (!c.req.header("accept")?.includes("text/event-stream"))
        return c.json(await listEvents(c.var.ctx, { job, after, seen, waitSeconds: wait }), 200);
      const pages = await followJob(c.var.ctx, { job, after: c.req.header("last-event-id") ?? after, seen });
      return streamSSE(c, async (stream) => {
        for await (const { items, next, done, job: now } of pages) {
          for (const event of items) await stream.writeSSE({ event: "event", data: JSON.stringify(event) });
          // The id comes last: a client that loses its connection before it asks for the whole batch again.
          await stream.writeSSE({ event: done ? "done" : "job", id: next, data: JSON.stringify(now) });
          if (stream.aborted) return;
        }
      });
    },
  )
  .post(
    "/jobs/:job/cancel",
    contract(() => ({
      operationId: "cancelJob",
      summary: "Cancel a job; a release that is live stays live, and a removal that has begun is completed",
      tag,
      scope: "deploy",
      needs: "cancel",
      params,
      answers: { 202: { description: "The job; a run under way is being stopped", schema: Job } },
      problems: ["job.not_found", "job.ended"],
    })),
    async (c) => {
      // Loaded at first use: it brings everything that ends a job.
      const { cancelJob } = await import("@berth/domain/engine/cancel.ts");
      return c.json(await cancelJob(c.var.ctx, c.req.valid("param").job), 202);
    },
  );
