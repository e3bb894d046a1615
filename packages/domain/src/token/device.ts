import * as z from "zod";
import { audit } from "../audit/audit.ts";
import { requireProof } from "../auth/proved.ts";
import { allow, type Context, type World } from "../context.ts";
import { Problem } from "../error.ts";
import { secretText, sha256 } from "../id.ts";
import { get } from "../query.ts";
import { fromNetwork, limit, limitAll } from "../rate-limit.ts";
import { type Scope, scopes } from "../scope.ts";
import { commit, globalKey, insert, ttlIn, update, updateOne } from "../table.ts";
import { mintToken } from "./issue.ts";
import type { Token } from "./token.ts";

/** Device login (RFC 8628): a signed-in person sees who asks and from where, confirms the code, and the CLI gets a token once. */
const MINUTES = 10;
const INTERVAL_SECONDS = 2;
const letters = "BCDFGHJKLMNPQRSTVWXZ"; // no vowels, no digits: 20^8 is 34.5 bits and spells nothing

const Login = z.object({
  userCode: z.string(),
  deviceHash: z.string(),
  status: z.enum(["pending", "approved", "denied", "done"]),
  client: z.string(),
  ip: z.string(),
  scopes: z.array(z.enum(scopes)),
  createdAt: z.iso.datetime(),
  askedAt: z.number().optional(),
  tenant: z.string().optional(),
  user: z.string().optional(),
  email: z.string().optional(),
  userScopes: z.array(z.enum(scopes)).optional(),
  /** When the approving person last gave a proof; the token counts as proved from then. */
  provedAt: z.string().optional(),
  ttl: z.number(),
});
type Login = z.infer<typeof Login>;

const loginKey = (userCode: string) => globalKey("DEVICE", userCode);

export interface DeviceStart {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly interval: number;
}

export async function startDevice(
  world: World,
  input: { client: string; ip: string; scopes: readonly Scope[] },
): Promise<DeviceStart> {
  await limitAll(world, fromNetwork("device", input.ip, { most: 20, seconds: 600 }));
  const bytes = world.random(8);
  const raw = [...bytes].map((byte) => letters.charAt(byte % 20)).join("");
  const userCode = `${raw.slice(0, 4)}-${raw.slice(4)}`;
  const secret = secretText(world, 43);
  const now = world.now();
  const login: Login = {
    userCode,
    deviceHash: sha256(secret),
    status: "pending",
    client: input.client,
    ip: input.ip,
    scopes: [...input.scopes],
    createdAt: now.toISOString(),
    ttl: ttlIn(world, MINUTES * 60),
  };
  await commit(world, insert(world, loginKey(userCode), login));
  const verificationUri = `${world.origin}/device`;
  return {
    deviceCode: `${userCode}.${secret}`,
    userCode,
    verificationUri,
    verificationUriComplete: `${verificationUri}?code=${userCode}`,
    expiresIn: MINUTES * 60,
    interval: INTERVAL_SECONDS,
  };
}

const find = async (world: World, userCode: string) => {
  const found = await get(world, loginKey(userCode.toUpperCase()));
  return found && Login.parse(found);
};

export async function showDevice(
  ctx: Context,
  userCode: string,
): Promise<Pick<Login, "userCode" | "client" | "ip" | "scopes" | "createdAt" | "status">> {
  allow(ctx, "admin");
  await limit(ctx, `device-code#${ctx.tenant}`, { most: 20, seconds: 600 });
  const login = await find(ctx, userCode);
  if (!login) throw new Problem("auth.device_expired", { detail: "There is no login waiting under that code." });
  const { client, ip, createdAt, status } = login;
  return { userCode: login.userCode, client, ip, scopes: login.scopes, createdAt, status };
}

/** Approval issues a token, so it needs a proof. @throws Problem auth.proof, token.scope, auth.device_expired */
export async function answerDevice(ctx: Context, input: { userCode: string; approve: boolean }): Promise<void> {
  allow(ctx, "admin");
  if (ctx.actor.kind !== "user") throw new Problem("token.scope", { detail: "Only a person can confirm a login." });
  if (input.approve) requireProof(ctx);
  const { userCode, client } = await showDevice(ctx, input.userCode);
  const { name: email } = ctx.actor;
  await commit(
    ctx,
    update(
      ctx,
      loginKey(userCode),
      {
        change: `SET #status = :to, tenant = :tenant, #user = :user, userScopes = :scopes, provedAt = :proved${email ? ", email = :email" : ""}`,
        condition: "#status = :pending",
        values: {
          ":to": input.approve ? "approved" : "denied",
          ":pending": "pending",
          ":tenant": ctx.tenant,
          ":user": ctx.actor.id,
          ":scopes": ctx.actor.scopes,
          ":proved": ctx.credential?.provedAt ?? "",
          ...(email && { ":email": email }),
        },
      },
      new Problem("auth.device_expired", { detail: "That login was answered already." }),
    ),
    audit(ctx, input.approve ? "device.approve" : "device.deny", userCode, { name: client }),
  );
}

export async function finishDevice(world: World, deviceCode: string): Promise<Token & { secret: string }> {
  const [given = "", secret = ""] = deviceCode.split(".");
  const login = await find(world, given);
  if (!login || login.deviceHash !== sha256(secret) || login.status === "done") throw new Problem("auth.device_expired");
  const { userCode } = login;
  const now = world.now().getTime();
  if (login.askedAt !== undefined && now - login.askedAt < (INTERVAL_SECONDS * 1000) / 2) throw new Problem("auth.device_slow");
  if (login.status === "denied") throw new Problem("auth.device_denied");
  if (login.status === "pending" || !login.tenant || !login.user) {
    const asked = { change: "SET askedAt = :now", condition: "attribute_exists(pk)", values: { ":now": now } };
    await updateOne(world, loginKey(userCode), asked, new Problem("auth.device_expired"));
    throw new Problem("auth.device_pending");
  }
  const ctx: Context = {
    ...world,
    tenant: login.tenant,
    actor: { kind: "user", id: login.user, scopes: login.userScopes ?? [], name: login.email },
  };
  const done = {
    change: "SET #status = :done",
    condition: "#status = :approved",
    values: { ":done": "done", ":approved": "approved" },
  };
  await updateOne(
    world,
    loginKey(userCode),
    done,
    new Problem("auth.device_expired", { detail: "The token was given out already." }),
  );
  return mintToken(ctx, { name: login.client, scopes: login.scopes, provedAt: login.provedAt, device: login.ip });
}
