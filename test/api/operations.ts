import { addRegistry } from "@berth/domain/registry/add.ts";
import { type Scope, scopes } from "@berth/domain/scope.ts";
import { afterAll, beforeAll } from "vitest";
import { document } from "../../functions/api/document.ts";
import { testApi } from "../support/api.ts";
import { type TestTenant, testTenant } from "../support/tenant.ts";

export interface Operation {
  readonly path: string;
  readonly method: string;
  readonly id: string;
  readonly scope: string;
  readonly parameters: { name: string; in: string; required: boolean }[];
  readonly body: boolean;
  readonly success: string[];
  readonly problems: string[];
}

export const spec = document();
export const operations: Operation[] = Object.entries(spec.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, raw]) => {
    // biome-ignore lint/suspicious/noExplicitAny: the document is JSON
    const operation = raw as any;
    const answers = Object.entries(operation.responses as Record<string, { "x-problems"?: string[] }>);
    return {
      path,
      method: method.toUpperCase(),
      id: operation.operationId,
      scope: operation["x-scope"],
      parameters: operation.parameters,
      body: operation.requestBody !== undefined,
      success: answers.filter(([, answer]) => !answer["x-problems"]).map(([status]) => status),
      problems: answers.flatMap(([, answer]) => answer["x-problems"] ?? []),
    };
  }),
);

export const api = testApi();
export let owner: TestTenant;
export const ids: Record<string, string> = {};
export const tokens: Partial<Record<Scope, string>> = {};

/** Somebody who has one of each thing, for the tests of a file. */
export function useApi(): void {
  beforeAll(async () => {
    owner = await testTenant(api);
    const target = await owner.target("only-theirs");
    const app = await owner.app("only-theirs");
    const job = await owner.deploy(app);
    const { host } = await addRegistry(owner.ctx, { host: "only-theirs.example", user: "mona", password: "secret" });
    await owner.work(job);
    for (const scope of scopes) tokens[scope] = await owner.token([scope]);
    const made = await api.call("POST", "/v1/tokens", { token: await owner.token(), body: { name: "x", scopes: ["read"] } });
    Object.assign(ids, {
      target: target.id,
      host,
      app,
      job: job.id,
      deployment: job.id,
      token: made.body.id,
      number: "1",
      code: "BCDF-GHJK",
    });
  });
  afterAll(() => api.close());
}
