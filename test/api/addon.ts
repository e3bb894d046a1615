import type { RunFile, RunInput } from "@berth/domain/remote/remote.ts";
import { scriptedReach } from "../support/reach.ts";
import { COMPOSE, type TestTenant } from "../support/tenant.ts";
import { api, post } from "./deploying.ts";

export const path = "/v1/apps/shop/addons";
export const add =
  (body: object, headers = {}) =>
  (tenant: TestTenant) =>
    post(path, body, headers)(tenant);
export const call = async (tenant: TestTenant, method: string, more = "", body?: object) =>
  api.call(method, `${path}${more}`, { token: await tenant.token(), ...(body && { body }) });

/** What a server is given for a deployment. */
export async function deployed(tenant: TestTenant, bundle: object = { compose: COMPOSE }): Promise<RunInput> {
  const reach = scriptedReach();
  await tenant.work(await tenant.deploy("shop", bundle), reach);
  const run = reach.runs.find(({ op }) => op === "deploy");
  if (!run) throw new Error("nothing was deployed");
  return run;
}
export const textOf = ({ files }: RunInput, path: string) => {
  const found = files.find((file: RunFile) => file.path === path);
  return found && Buffer.from(found.content).toString();
};
export const generated = (run: RunInput) => JSON.parse(textOf(run, "berth.generated.yaml") ?? "{}");
export const passwordIn = (run: RunInput, name = "POSTGRES") =>
  new RegExp(`BERTH_ADDON_${name}_PASSWORD='(\\w{32})'`).exec(textOf(run, ".env") ?? "")?.[1];
