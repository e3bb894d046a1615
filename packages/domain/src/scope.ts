/** What a credential may do. `admin` includes `deploy`, which includes `plan`, which includes `read`; `billing` includes `read`. */
export const scopes = ["read", "plan", "deploy", "admin", "billing"] as const;
export type Scope = (typeof scopes)[number];
