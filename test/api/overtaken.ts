import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { accountKey } from "@berth/domain/entitlement/account.ts";
import { putOne } from "@berth/domain/table.ts";
import type { Answer } from "../support/api.ts";
import type { TestTenant } from "../support/tenant.ts";
import type { TestWorld } from "../support/world.ts";

/** Asks while something else happens before each of the request's commits: after all that it has read. */
export async function whileBefore(test: TestWorld, happens: () => Promise<void>, ask: () => Promise<Answer>): Promise<Answer> {
  const { client } = test.world.table;
  const send = client.send.bind(client);
  const late = async (...given: Parameters<typeof send>) => {
    if (given[0] instanceof TransactWriteCommand) {
      client.send = send;
      await happens();
      client.send = late as typeof send;
    }
    return send(...given);
  };
  client.send = late as typeof send; // of its overloads only the one without a callback is ever called
  try {
    return await ask();
  } finally {
    client.send = send;
  }
}

/** Asks while somebody else does something once, after all that the request has read and before its commit, or that one of them. */
export async function between(
  test: TestWorld,
  happens: () => Promise<unknown>,
  ask: () => Promise<Answer>,
  nth = 1,
): Promise<Answer> {
  let commits = 0;
  const once = async () => {
    if (++commits === nth) await happens();
  };
  const answer = await whileBefore(test, once, ask);
  if (commits < nth) throw new Error(`the request made ${commits} commits, so nothing came between`);
  return answer;
}

/** Asks while somebody else's deploy is accepted before each of the request's commits: it is always too late. */
export async function overtaken(test: TestWorld, tenant: TestTenant, ask: () => Promise<Answer>): Promise<Answer> {
  let others = 0;
  const accept = async () => {
    const account = await tenant.account();
    await putOne(tenant.ctx, accountKey(tenant.ctx), { ...account, deploys: [`job_other${++others}`] });
  };
  return whileBefore(test, accept, ask);
}
