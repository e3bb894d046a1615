/** Servers that report for a plan, and deployments that they are asked about. */
import { failed, type ScriptedReach, scriptedReach, succeeded } from "../support/reach.ts";
import { packReport } from "../support/report.ts";
import type { TestTenant } from "../support/tenant.ts";
import { api, bundle, post } from "./deploying.ts";

export const one = await packReport({ web: { image: "a:1" } });
export const two = await packReport({ web: { image: "a:1" }, db: { image: "b:1" } });
export const plansPath = "/v1/apps/shop/plans";
/** A server that reports this whatever it is asked, and does what it is told to. */
export const reporting = (report: Uint8Array) =>
  scriptedReach(async (input, tell) => {
    if (input.op === "plan") return { ...succeeded(), report };
    const decision = await input.decide?.(report);
    if (!decision) return failed({ class: "internal", message: "nobody was asked" });
    if ("no" in decision) return failed({ class: decision.no, message: decision.reasons.join("\n") });
    if (decision.go === "run") tell({ type: "plan", step: "preflight", text: decision.plan[0] ?? "" });
    return decision.go === "run" ? succeeded() : { ...succeeded(), changed: false, unchanged: true };
  });
/** A server that reports more than is taken of one. */
export const tooMuch = scriptedReach(async (input) => {
  const decision = await input.decide?.(undefined);
  return decision && "no" in decision ? failed({ class: decision.no, message: decision.reasons.join("\n") }) : succeeded();
});
/** A deployment, and its job once a server that reports so has answered. */
export const deployed = async (tenant: TestTenant, body: object, reach: ScriptedReach, path = "/v1/apps/shop/deployments") => {
  const { body: job } = await post(path, body)(tenant);
  await tenant.work(job, reach);
  return (await api.call("GET", `/v1/jobs/${job.id}`, { token: await tenant.token() })).body;
};
export const ask = async (tenant: TestTenant, body: object = { bundle }, report = one) => {
  const asked = await post(plansPath, body)(tenant);
  await tenant.work({ id: asked.body.job }, reporting(report));
  return (await api.call("GET", `${plansPath}/${asked.body.id}`, { token: await tenant.token() })).body;
};
