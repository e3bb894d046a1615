import type { Context, World } from "@berth/domain/context.ts";

/** What is known of a request by the time a route has it. */
export interface Env {
  Variables: {
    /** The world of this process, with the request's log facts. */
    world: World;
    /** Undefined on a request without a credential. */
    ctx: Context;
    request: string;
    ip: string;
    /** The session's secret, where the request came with one. */
    session: string | undefined;
    email: string | undefined;
  };
}
