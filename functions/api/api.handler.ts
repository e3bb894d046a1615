import { githubOf } from "@berth/aws/issuer.ts";
import { stripeOf } from "@berth/aws/stripe.ts";
import { createWorld } from "@berth/aws/world.ts";
import { createApp } from "./app.ts";
import { serve } from "./gateway.ts";

export const handler = serve(createApp(createWorld(process.env, stripeOf(process.env), githubOf(process.env))));
