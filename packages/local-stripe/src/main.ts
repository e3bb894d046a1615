import { parseArgs } from "node:util";
import { createStripe } from "./stripe.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "12111" },
    folder: { type: "string" },
    webhook: { type: "string", multiple: true, default: [] },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  process.stdout.write(`A Stripe account on this machine.

  npm run stripe -- [--port 12111] [--folder .berth/stripe] [--webhook http://127.0.0.1:3000/webhooks/stripe] [--seed 1]

Point the stripe package at it: new Stripe("sk_test_local", { host: "127.0.0.1", port: 12111, protocol: "http" }).
`);
} else {
  const stripe = createStripe({ seed: Number(values.seed), ...(values.folder === undefined ? {} : { folder: values.folder }) });
  const server = await stripe.serve({ port: Number(values.port) });
  process.stdout.write(`stripe   ${server.url}\nkey      sk_test_local\n`);
  for (const url of values.webhook) process.stdout.write(`webhook  ${url} ${stripe.addWebhook({ url }).secret}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
}
