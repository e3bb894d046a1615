import { type Context, Hono } from "hono";
import * as z from "zod";
import type { Control } from "./control.ts";

const text = z.string().min(1);
const bodies = {
  advance: z.strictObject({ seconds: z.number().nonnegative() }),
  failCards: z.strictObject({ customer: text, code: text }),
  fixCards: z.strictObject({ customer: text }),
  failNextCharge: z.strictObject({ code: text }),
  dispute: z.strictObject({ charge: text, reason: text.optional() }),
  closeDispute: z.strictObject({ dispute: text, status: z.enum(["won", "lost"]) }),
  failFinalization: z.strictObject({ customer: text, code: text.nullable() }),
  refuseNext: z.strictObject({ statuses: z.array(z.number().int().min(400).max(599)) }),
  rollSecret: z.strictObject({ endpoint: text }),
  dunning: z.strictObject({
    offsetDays: z.array(z.number().positive()).optional(),
    final: z.enum(["unpaid", "cancel", "past_due"]).optional(),
  }),
  chaos: z.union([
    z.enum(["calm", "rough"]),
    z.strictObject({
      shuffle: z.boolean().optional(),
      duplicate: z.number().optional(),
      drop: z.number().optional(),
      corrupt: z.number().optional(),
      delayMs: z.number().optional(),
      skewSeconds: z.number().optional(),
    }),
  ]),
  settings: z.strictObject({
    limitOneSubscription: z.boolean().optional(),
    clockStepMs: z.number().nonnegative().optional(),
    latencyMs: z.number().nonnegative().optional(),
  }),
  redeliver: z.strictObject({ event: text }),
  reset: z.strictObject({ seed: z.number().int().optional() }),
};

/** The control as JSON over HTTP under `/_sim`, for programs in another process. */
export function controlRoutes(control: Control): Hono {
  const app = new Hono();
  app.onError((error, context) => context.json({ error: error.message }, error instanceof z.ZodError ? 400 : 500));
  app.get("/now", (context) => context.json({ now: control.now() }));
  app.get("/events", (context) => context.json(control.events()));
  app.get("/deliveries", (context) => context.json(control.deliveries()));
  app.post("/idle", async (context) => {
    await control.idle();
    return context.json({ idle: true });
  });
  app.post("/advance", async (context) => context.json({ now: control.advance((await read(context, bodies.advance)).seconds) }));
  app.post("/fail-cards", async (context) => {
    const { customer, code } = await read(context, bodies.failCards);
    control.failCards(customer, code);
    return context.json({});
  });
  app.post("/fix-cards", async (context) => {
    control.fixCards((await read(context, bodies.fixCards)).customer);
    return context.json({});
  });
  app.post("/fail-next-charge", async (context) => {
    control.failNextCharge((await read(context, bodies.failNextCharge)).code);
    return context.json({});
  });
  app.post("/dispute", async (context) => {
    const { charge, reason } = await read(context, bodies.dispute);
    return context.json({ dispute: control.dispute(charge, reason) });
  });
  app.post("/close-dispute", async (context) => {
    const { dispute, status } = await read(context, bodies.closeDispute);
    control.closeDispute(dispute, status);
    return context.json({});
  });
  app.post("/fail-finalization", async (context) => {
    const { customer, code } = await read(context, bodies.failFinalization);
    control.failFinalization(customer, code);
    return context.json({});
  });
  app.post("/refuse-next", async (context) => {
    control.refuseNext(...(await read(context, bodies.refuseNext)).statuses);
    return context.json({});
  });
  app.post("/roll-secret", async (context) =>
    context.json({ secret: control.rollSecret((await read(context, bodies.rollSecret)).endpoint) }),
  );
  app.post("/walk", async (context) => context.json({ now: await control.walk((await read(context, bodies.advance)).seconds) }));
  app.post("/dunning", async (context) => {
    control.dunning(defined(await read(context, bodies.dunning)));
    return context.json({});
  });
  app.post("/chaos", async (context) => {
    const chaos = await read(context, bodies.chaos);
    control.chaos(typeof chaos === "string" ? chaos : defined(chaos));
    return context.json({});
  });
  app.post("/settings", async (context) => {
    control.settings(defined(await read(context, bodies.settings)));
    return context.json({});
  });
  app.post("/redeliver", async (context) => context.json(control.redeliver((await read(context, bodies.redeliver)).event)));
  app.post("/reset", async (context) => {
    control.reset((await read(context, bodies.reset)).seed);
    return context.json({});
  });
  return app;
}

async function read<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const body = await context.req.text();
  return schema.parse(body === "" ? {} : JSON.parse(body));
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
