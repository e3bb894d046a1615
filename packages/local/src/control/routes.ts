import { Hono } from "hono";
import * as z from "zod";
import type { Cloud } from "../cloud.ts";
import { inboxPage, letterPage } from "../mail/page.ts";

const Advance = z.strictObject({
  seconds: z
    .number()
    .nonnegative()
    .max(400 * 86_400),
});

const GithubJob = z.strictObject({
  repository: z.string(),
  repositoryId: z.string().optional(),
  ownerId: z.string().optional(),
  ref: z.string(),
  event: z.string().optional(),
  environment: z.string().optional(),
});

/**
 * What only the local cloud has, under `/_local`: the inbox, the clock, the processes and the state. A browser may change something only
 * from this address itself or from the dashboard's.
 */
export function controlRoutes(cloud: Cloud): Hono {
  const app = new Hono().basePath("/_local");
  app.onError((error, c) =>
    c.json({ error: error.message }, error instanceof z.ZodError || error instanceof SyntaxError ? 400 : 500),
  );
  app.use(async (c, next) => {
    const from = c.req.header("origin");
    if (c.req.method !== "GET" && from !== undefined && from !== cloud.endpoint && from !== cloud.origin)
      return c.json({ error: `not from ${from}` }, 403);
    await next();
  });
  app.get("/", (c) => c.redirect("/_local/inbox"));
  app.get("/health", (c) => c.json({ ok: true, origin: cloud.origin, stripe: cloud.stripeUrl, endpoint: cloud.endpoint }));
  app.get("/env", (c) => c.json(cloud.env));

  app.get("/inbox", (c) => c.html(inboxPage(cloud.inbox(), cloud.now()), 200, pageHeaders));
  app.get("/inbox/:id", (c) => {
    const letter = cloud.inbox().find(({ id }) => id === c.req.param("id"));
    return letter ? c.html(letterPage(letter), 200, pageHeaders) : c.notFound();
  });
  app.get("/mails", (c) => c.json({ items: cloud.inbox(c.req.query("to")) }));

  app.post("/github/jobs", async (c) => c.json(cloud.beginJob(GithubJob.parse(await c.req.json()))));

  app.get("/clock", (c) =>
    c.json({ now: cloud.now().toISOString(), aheadSeconds: Math.round((cloud.now().getTime() - Date.now()) / 1000) }),
  );
  app.post("/clock/advance", async (c) => {
    // The page's form, or JSON under whatever type: curl calls everything a form.
    const text = await c.req.text();
    const form = /^seconds=\d+$/.test(text);
    const asked: unknown = form ? { seconds: Number(text.slice("seconds=".length)) } : JSON.parse(text);
    await cloud.advance(Advance.parse(asked).seconds);
    return form ? c.redirect("/_local/inbox", 303) : c.json({ now: cloud.now().toISOString() });
  });
  app.post("/schedules/:name", async (c) => {
    await cloud.runSchedule(c.req.param("name"));
    return c.json({ ran: c.req.param("name") });
  });
  app.post("/settle", async (c) => {
    await cloud.settle();
    return c.json({ settled: true });
  });

  app.get("/queues", (c) =>
    c.json({ items: [...cloud.sqs.queues.values()].map((queue) => ({ name: queue.options.name, ...queue.counts() })) }),
  );
  app.post("/queues/:name/redrive", (c) => c.json({ moved: cloud.sqs.redrive(c.req.param("name")) }));

  app.get("/workers", (c) => c.json({ items: cloud.workers() }));
  app.post("/workers/:pid/kill", (c) =>
    cloud.killWorker(Number(c.req.param("pid")))
      ? c.json({ killed: Number(c.req.param("pid")) })
      : c.json({ error: "no such worker" }, 404),
  );
  app.post("/reload", (c) => {
    cloud.reload();
    return c.json({ reloaded: true });
  });
  app.post("/reset", async (c) => {
    await cloud.reset();
    return c.json({ reset: true });
  });
  return app as unknown as Hono;
}

const pageHeaders = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
};
