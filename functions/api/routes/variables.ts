import { Variable, VariableHistory } from "@berth/domain/variable/view.ts";
import { Hono } from "hono";
import * as z from "zod";
import { all, contract, inApp, name } from "../contract.ts";
import type { Env } from "../request.ts";
import { inNamespace, NAME_MOST, named, tag } from "../variable.ts";

const SET_MOST = 40;

/** As Compose knows names. Those with BERTH_ are given by us. */
const variableName = z
  .string()
  .max(NAME_MOST)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "letters, digits and underscores, not beginning with a digit")
  .refine((text) => !/^BERTH_/i.test(text), "names that begin with BERTH_ are given by Berth")
  .refine((text) => text !== "__proto__", "another name");
const Named = z
  .record(
    variableName,
    z
      .string()
      .max(32 * 1024)
      .regex(/^[^\0]*$/),
  )
  .refine((values) => Object.keys(values).length <= SET_MOST, `at most ${SET_MOST} at once`)
  .refine((values) => Object.keys(values).length > 0, "at least one")
  .meta({ minProperties: 1, maxProperties: SET_MOST })
  .describe("Values by name");

export const variables = new Hono<Env>()
  .get(
    "/apps/:app/variables",
    contract(() => ({
      operationId: "listVariables",
      summary: "The names of an environment's secrets and variables, without their values",
      tag,
      scope: "read",
      needs: "read",
      params: inApp,
      query: z.object({ environment: name.optional() }),
      answers: { 200: { description: "All of them, by namespace and name", schema: all(Variable) } },
      problems: ["app.not_found"],
    })),
    async (c) => {
      const { listVariables } = await import("@berth/domain/variable/variable.ts");
      return c.json({ items: await listVariables(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }) }, 200);
    },
  )
  .put(
    "/apps/:app/variables",
    contract(() => ({
      operationId: "setVariables",
      summary: "Set secrets or variables, all of the given ones or none; the next deployment uses them",
      tag,
      scope: "deploy",
      needs: "grow",
      params: inApp,
      body: inNamespace.extend({ kind: z.enum(["secret", "variable"]), values: Named }),
      bodyBytes: 512 * 1024,
      answers: { 200: { description: "Those that were set, with their new version", schema: all(Variable) } },
      problems: ["app.not_found", "environment.too_many", "variable.kind", "variable.too_many"],
    })),
    async (c) => {
      const { setVariables } = await import("@berth/domain/variable/set.ts");
      return c.json({ items: await setVariables(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("json") }) }, 200);
    },
  )
  .delete(
    "/apps/:app/variables/:name",
    contract(() => ({
      operationId: "unsetVariable",
      summary: "Unset a secret or a variable; its value is erased, but for releases to which one can go back",
      tag,
      scope: "deploy",
      needs: "grow",
      params: named,
      query: inNamespace,
      answers: { 204: { description: "Unset" } },
      problems: ["app.not_found", "variable.not_found"],
    })),
    async (c) => {
      const { unsetVariable } = await import("@berth/domain/variable/set.ts");
      await unsetVariable(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") });
      return c.body(null, 204);
    },
  )
  .get(
    "/apps/:app/variables/:name/history",
    contract(() => ({
      operationId: "getVariableHistory",
      summary: "Who changed a secret or a variable when",
      tag,
      scope: "read",
      needs: "read",
      params: named,
      query: inNamespace,
      answers: { 200: { description: "Its versions, the newest first", schema: VariableHistory } },
      problems: ["app.not_found", "variable.not_found"],
    })),
    async (c) => {
      const { variableHistory } = await import("@berth/domain/variable/variable.ts");
      return c.json(await variableHistory(c.var.ctx, { ...c.req.valid("param"), ...c.req.valid("query") }), 200);
    },
  );
