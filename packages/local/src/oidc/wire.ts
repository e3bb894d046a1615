import type { WireAnswer } from "../aws/json.ts";
import type { Service } from "../aws/service.ts";
import type { Oidc } from "./oidc.ts";

const json = (status: number, body: object): WireAnswer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

/** The issuer's keys, for everybody, and a job's identity tokens, for who has its request token. */
export function oidcService(oidc: Oidc): Service {
  return {
    name: "oidc",
    door: ({ method, path, query, headers }) => {
      if (method === "GET" && path === "/.well-known/jwks") return json(200, oidc.jwks());
      const job = /^\/jobs\/([0-9a-f-]+)\/token$/.exec(path)?.[1];
      if (method !== "GET" || job === undefined) return json(404, { message: `${method} ${path}` });
      const bearer = /^bearer (.+)$/i.exec(String(headers.authorization ?? ""))?.[1] ?? "";
      const value = oidc.identityOf(job, bearer, query.get("audience") ?? undefined);
      return value === undefined ? json(401, { message: "The request token is not that job's" }) : json(200, { value });
    },
    close: () => {},
  };
}
