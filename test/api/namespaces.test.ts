import { expect } from "vitest";
import { api, useApi } from "./added.ts";
import { covers } from "./covers.ts";
import { ready } from "./setting.ts";

useApi();

const body = { bundle: { compose: "services:\n  web:\n    image: registry.test/web:1\n" }, namespaces: ["eu"] };

covers("createDeployment", "variable.no_namespace", "a namespace in which nothing is set is refused by its name", async () => {
  const { token } = await ready();
  const answer = await api.call("POST", "/v1/apps/shop/deployments", { token, body });
  expect(answer.body).toMatchObject({ code: "variable.no_namespace", namespace: "eu" });
});

covers("createPlan", "variable.no_namespace", "a namespace in which nothing is set is refused by its name", async () => {
  const { token } = await ready();
  const answer = await api.call("POST", "/v1/apps/shop/plans", { token, body });
  expect(answer.body).toMatchObject({ code: "variable.no_namespace", namespace: "eu" });
});
