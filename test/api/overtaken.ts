import { TransactWriteCommand } from "@aws-sdk/lib-dynamodb";
import { accountKey } from "@berth/domain/entitlement/account.ts";
import { store } from "@berth/domain/table.ts";
import type { Answer } from "../support/api.ts";
import type { TestTenant } from "../support/tenant.ts";
import type { TestWorld } from "../support/world.ts";

/** Asks while somebody else's deploy is accepted before each of the request's commits: it is always too late. */
export async function overtaken(test: TestWorld, tenant: TestTenant, ask: () => Promise<Answer>): Promise<Answer> {
  const { client } = test.world.table;
  const send = client.send.bind(client);
  let others = 0;
  const late = async (...given: Parameters<typeof send>) => {
    if (given[0] instanceof TransactWriteCommand) {
      const account = await tenant.account();
      await store(tenant.ctx, accountKey(tenant.ctx), { ...account, deploys: [`job_other${++others}`] });
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
