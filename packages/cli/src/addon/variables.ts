import { body, segment } from "@berth/api-client/client.ts";
import { isProblem } from "../refusal.ts";
import type { Session } from "../session.ts";

/** The names of what an app's add-ons give: none where there is no such app yet. */
export async function addonVariables(
  session: Session,
  { app, environment }: { readonly app: string; readonly environment: string | undefined },
): Promise<string[]> {
  const api = await session.api();
  const query = environment === undefined ? {} : { environment };
  try {
    const { items } = await body(api.v1.apps[":app"].addons.$get({ param: { app: segment(app) }, query }));
    return items.flatMap(({ variables }) => Object.keys(variables));
  } catch (error) {
    if (isProblem(error, "app.not_found")) return [];
    throw error;
  }
}
