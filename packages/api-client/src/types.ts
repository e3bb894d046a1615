import type { EventPage } from "@berth/domain/job/event.ts";
import type { InferResponseType } from "hono/client";
import type { Client } from "./client.ts";

/** What the service answers, as its routes say. */
type V1 = Client["v1"];
export type Me = InferResponseType<V1["me"]["$get"], 200>;
export type Usage = InferResponseType<V1["usage"]["$get"], 200>;
export type PricingPlan = InferResponseType<V1["plans"]["$get"], 200>["items"][number];
export type Billing = InferResponseType<V1["billing"]["$get"], 200>;
export type PlanChange = InferResponseType<V1["billing"]["plan"]["$post"], 200>;
export type Invoice = InferResponseType<V1["billing"]["invoices"]["$get"], 200>["items"][number];
export type Target = InferResponseType<V1["targets"]["$get"], 200>["items"][number];
export type Variable = InferResponseType<V1["apps"][":app"]["variables"]["$get"], 200>["items"][number];
export type VariableHistory = InferResponseType<V1["apps"][":app"]["variables"][":name"]["history"]["$get"], 200>;
export type Registry = InferResponseType<V1["registries"]["$get"], 200>["items"][number];
export type HostKey = NonNullable<Target["hostKey"]>;
export type App = InferResponseType<V1["apps"]["$get"], 200>["items"][number];
export type Addon = InferResponseType<V1["apps"][":app"]["addons"]["$get"], 200>["items"][number];
export type AppStatus = InferResponseType<V1["apps"][":app"]["status"]["$get"], 200>;
export type LogPage = InferResponseType<V1["logs"][":log"]["$get"], 200>;
export type LogItem = LogPage["items"][number];
export type Release = InferResponseType<V1["apps"][":app"]["releases"]["$get"], 200>["items"][number];
export type DeploymentPlan = InferResponseType<V1["apps"][":app"]["plans"][":plan"]["$get"], 200>;
export type TargetPlan = NonNullable<DeploymentPlan["targets"][number]["plan"]>;
export type Job = InferResponseType<V1["jobs"][":job"]["$get"], 200>;
export type Rollout = Job["rollouts"][string];
/** The route also streams, which hides the shape of its JSON from the client. */
export type Events = Omit<EventPage, "job" | "items"> & { readonly job: Job; readonly items: readonly Event[] };
export type Event = Omit<EventPage["items"][number], "plan"> & { readonly plan?: TargetPlan | undefined };
export type Token = InferResponseType<V1["tokens"]["$get"], 200>["items"][number];
export type Deployer = InferResponseType<V1["deployers"]["$get"], 200>["items"][number];
export type Policy = InferResponseType<V1["policy"]["$get"], 200>;
export type AuditLine = InferResponseType<V1["audit"]["$get"], 200>["items"][number];
export type Activity = InferResponseType<V1["activity"]["$get"], 200>;
export type Failure = NonNullable<Rollout["failure"]>;
