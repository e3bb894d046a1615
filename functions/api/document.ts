import { type Permission, permissions } from "@berth/domain/entitlement/permission.ts";
import { v1 } from "./app.ts";
import { contractOf } from "./contract.ts";
import { openapi } from "./openapi.ts";

/** The API's description, for docs/openapi.json and the tests that walk through every route. */
export const document = () => openapi(v1);

/** What customers do, with the operations that do it, for docs/permissions.md and its tests. */
export const matrix = () =>
  (Object.keys(permissions) as Permission[]).map((name) => ({
    ...permissions[name],
    operations: v1.routes.flatMap(({ handler }) => {
      const spec = contractOf(handler);
      return spec?.needs === name ? [spec.operationId] : [];
    }),
  }));
