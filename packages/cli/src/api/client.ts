import { type Client, clientOf } from "@berth/api-client/client.ts";
import { type Asking, asking } from "./ask.ts";

export type { Asking };

/** The service. Whatever is not a success is thrown as Refused. */
export const connect = (url: string, options: Asking): Client => clientOf(url, asking(url, options));
