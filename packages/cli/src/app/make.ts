import { body, type Client } from "@berth/api-client/client.ts";
import type { App } from "@berth/api-client/types.ts";
import { once } from "../api/once.ts";

export const makeApp = (api: Client, name: string): Promise<App> => body(api.v1.apps.$post({ json: { name } }, once()));
