import { account } from "./account/commands.ts";
import { addon } from "./addon/commands.ts";
import { app } from "./app/commands.ts";
import { audit } from "./audit/commands.ts";
import { login, logout, prove, whoami } from "./auth/commands.ts";
import { billing, usage } from "./billing/commands.ts";
import type { Listed } from "./command.ts";
import { completion } from "./completion/commands.ts";
import { context } from "./context/commands.ts";
import { deployer } from "./deployer/commands.ts";
import { deploy, plan, rollback } from "./deployment/commands.ts";
import { imports } from "./import/commands.ts";
import { jobs } from "./job/commands.ts";
import { logs } from "./log/commands.ts";
import { registry } from "./registry/commands.ts";
import { releases } from "./release/commands.ts";
import { target } from "./target/commands.ts";
import { token } from "./token/commands.ts";
import { secret, variable } from "./variable/commands.ts";

/** Every command, in the order of the help. */
export const commands: readonly Listed[] = [
  deploy,
  plan,
  rollback,
  releases,
  logs,
  app,
  addon,
  secret,
  variable,
  target,
  registry,
  jobs,
  imports,
  usage,
  billing,
  token,
  deployer,
  account,
  audit,
  login,
  logout,
  whoami,
  context,
  prove,
  completion(() => commands),
];
