import { of } from "./of.ts";

const decide = "packages/domain/src/plan/decide.ts";
const asking = "test/simulation/asking.ts";

/** What a plan, and a run that asks whether to begin, keep to. */
export const planMutants = [
  of(decide, "a plan that no longer holds is applied", "if (changes.length > 0) return", "if (changes.length > 99) return"),
  of(
    decide,
    "data at risk by the plan is not asked about",
    "if (plan.risks.length > 0 && !asked.acceptDataRisk)",
    "if (plan.risks.length > 99 && !asked.acceptDataRisk)",
  ),
  of("packages/domain/src/deployment/deploy.kind.ts", "a deployment begins without a plan", '        ask: "1",\n', ""),
  of(
    "packages/domain/src/plan/summary.ts",
    "the plan that is kept lacks what is done first",
    "...operationLines(operations)",
    "...operationLines(operations.slice(1))",
  ),
  of(
    asking,
    "a plan that an overtaken worker answers is begun",
    "    const refused = guard(server, asking);\n    if (refused) return refused;\n",
    "",
  ),
  of(
    asking,
    "an answer about a plan is heard after the server has given it up",
    `if (server.asking !== asking || asking.decision) return undefined;
    if ("no" in decision) {`,
    'if ("no" in decision) {',
  ),
];
