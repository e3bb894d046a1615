import type { Context, Hono } from "hono";
import { Refusal } from "../errors.ts";
import { catchUp } from "../flows/clock.ts";
import { addCard, cancelInPortal, keepCard, makeDefault, removeCard, renewInPortal, switchPlan } from "../flows/portal-act.ts";
import { isLive } from "../flows/subscription.ts";
import { timeOf, type World } from "../world.ts";
import { readCard } from "./card-form.ts";
import { bankPage, gone, typedCard } from "./checkout.ts";
import { cancelPage, frontPage, switchPage, type Visit } from "./portal-view.ts";

const openSeconds = 3600;

/** The billing portal, `/p/session/<secret>`: invoices, cards, cancelling and switching, as the session's configuration allows. */
export function portalPages(app: Hono, world: World): void {
  const visitOf = (context: Context): Visit | undefined => {
    catchUp(world);
    const path = `/p/session/${context.req.param("secret")}`;
    const session = [...world.state.portalSessions.values()].find((row) => row.url.endsWith(path));
    const customer = world.state.customers.get(session?.customer ?? "");
    const configuration = world.state.portalConfigurations.get(session?.configuration ?? "");
    if (!session || !customer || !configuration || session.created + openSeconds < world.state.time) return undefined;
    const subscription = [...world.state.subscriptions.values()].findLast(
      (row) => row.customer === customer.id && isLive(row) && row.status !== "incomplete",
    );
    return { path, session, customer, configuration, subscription };
  };

  /** A page or an action of a visit; what may not be done there is a 403, what is refused is said on the front page. */
  const visiting =
    (run: (visit: Visit, context: Context) => Response | Promise<Response>) =>
    async (context: Context): Promise<Response> => {
      const visit = visitOf(context);
      if (!visit) return context.html(gone("This link has expired. Open the portal again from your account."), 404);
      try {
        return await run(visit, context);
      } catch (error) {
        if (error instanceof Refusal) return context.html(frontPage(world, visit, { error: error.message }), 402);
        throw error;
      } finally {
        world.onChange();
      }
    };

  const home = (visit: Visit, context: Context, done?: string) =>
    context.redirect(done ? `${visit.path}?done=${done}` : visit.path, 303);
  const forbidden = (context: Context) => context.html(gone("This is not possible here."), 403);

  app.get(
    "/p/session/:secret",
    visiting((visit, context) =>
      context.html(frontPage(world, visit, { done: context.req.query("done") ?? "", card: context.req.query("card") ?? "" })),
    ),
  );

  app.post(
    "/p/session/:secret/card",
    visiting(async (visit, context) => {
      if (!visit.configuration.features.payment_method_update.enabled) return forbidden(context);
      const form = typedCard(await context.req.parseBody());
      const read = readCard(form, timeOf(world, visit.customer.test_clock));
      if ("error" in read) return context.html(frontPage(world, visit, { error: read.error, typed: form }), 400);
      const { method, asks } = addCard(world, visit.customer, read.card, read);
      return asks ? context.redirect(`${visit.path}/card/${method.id}/authenticate`, 303) : home(visit, context, "card");
    }),
  );

  app.get(
    "/p/session/:secret/card/:method/authenticate",
    visiting((visit, context) =>
      context.html(bankPage(`${visit.path}/card/${context.req.param("method")}/authenticate`, 0, "usd")),
    ),
  );

  app.post(
    "/p/session/:secret/card/:method/authenticate",
    visiting(async (visit, context) => {
      const method = world.state.paymentMethods.get(context.req.param("method") ?? "");
      const { answer } = await context.req.parseBody();
      if (!method || method.customer !== null) return forbidden(context);
      if (answer !== "approve")
        return context.html(frontPage(world, visit, { error: "We are unable to authenticate your payment method." }), 402);
      keepCard(world, visit.customer, method);
      return home(visit, context, "card");
    }),
  );

  app.post(
    "/p/session/:secret/card/:method",
    visiting(async (visit, context) => {
      const method = world.state.paymentMethods.get(context.req.param("method") ?? "");
      if (method?.customer !== visit.customer.id || !visit.configuration.features.payment_method_update.enabled)
        return forbidden(context);
      const { act } = await context.req.parseBody();
      if (act === "default") makeDefault(world, visit.customer, method);
      else if (!removeCard(world, visit.customer, method))
        return context.html(frontPage(world, visit, { error: "This card pays for your plan. Choose another one first." }), 409);
      return home(visit, context, act === "default" ? "card" : "removed");
    }),
  );

  app.get(
    "/p/session/:secret/cancel",
    visiting((visit, context) => (mayCancel(visit) ? context.html(cancelPage(visit)) : forbidden(context))),
  );

  app.post(
    "/p/session/:secret/cancel",
    visiting(async (visit, context) => {
      if (!mayCancel(visit)) return forbidden(context);
      const { feedback } = await context.req.parseBody();
      cancelInPortal(world, visit.configuration, visit.subscription!, typeof feedback === "string" && feedback ? feedback : null);
      return home(visit, context, "canceled");
    }),
  );

  app.post(
    "/p/session/:secret/renew",
    visiting((visit, context) => {
      if (!visit.subscription?.cancel_at_period_end) return forbidden(context);
      renewInPortal(world, visit.subscription);
      return home(visit, context, "renewed");
    }),
  );

  app.get(
    "/p/session/:secret/switch",
    visiting((visit, context) => (maySwitch(visit) ? context.html(switchPage(world, visit)) : forbidden(context))),
  );

  app.post(
    "/p/session/:secret/switch",
    visiting(async (visit, context) => {
      const { price: id } = await context.req.parseBody();
      const price = world.state.prices.get(typeof id === "string" ? id : "");
      const offered = world.state.portalProducts
        .get(visit.configuration.id)
        ?.some(({ prices }) => price && prices.includes(price.id));
      if (!maySwitch(visit) || !price || !offered) return forbidden(context);
      const how = switchPlan(world, visit.configuration, visit.subscription!, price);
      if (how === "unpaid") return context.redirect(`/i/${visit.subscription!.latest_invoice}`, 303);
      return home(visit, context, how === "later" ? "scheduled" : "switched");
    }),
  );
}

function mayCancel({ configuration, subscription }: Visit): boolean {
  return configuration.features.subscription_cancel.enabled && subscription !== undefined && !subscription.cancel_at_period_end;
}

function maySwitch({ configuration, subscription }: Visit): boolean {
  const { enabled, default_allowed_updates: allowed } = configuration.features.subscription_update;
  return enabled && allowed.includes("price") && subscription?.status === "active" && !subscription.cancel_at_period_end;
}
