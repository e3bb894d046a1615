import { type Permission, permissions } from "@berth/domain/entitlement/permission.ts";
import { contractOf } from "./contract.ts";
import { openapi } from "./openapi.ts";
import { v1 } from "./whole.ts";

/** For docs/openapi.json and the tests of every route. */
export const document = () => openapi(v1);

/** For docs/permissions.md and its tests. */
export const matrix = () =>
  (Object.keys(permissions) as Permission[]).map((name) => ({
    ...permissions[name],
    operations: v1.routes.flatMap(({ handler }) => {
      const spec = contractOf(handler);
      return spec?.needs === name ? [spec.operationId] : [];
    }),
  }));
