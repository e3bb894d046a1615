import { missing } from "../errors.ts";
import { update } from "../event.ts";
import type { Customer, CustomerBalanceTransaction } from "../objects/customer.ts";
import { mint, timeOf, type World } from "../world.ts";

/** The customer of an id, or the refusal that fits where the id stood. */
export function getCustomer(world: World, id: string, param = "id"): Customer {
  const customer = world.state.customers.get(id);
  if (!customer) throw missing("customer", id, param);
  return customer;
}

/** Move the customer's balance by an amount and keep the record of it. */
export function moveBalance(
  world: World,
  customer: Customer,
  amount: number,
  type: CustomerBalanceTransaction["type"],
  invoice: string | null,
  currency: string,
): CustomerBalanceTransaction {
  update(world, "customer.updated", customer, () => {
    customer.balance += amount;
    customer.currency ??= currency;
  });
  const row: CustomerBalanceTransaction = {
    id: mint(world, "customerBalance"),
    object: "customer_balance_transaction",
    amount,
    checkout_session: null,
    created: timeOf(world, customer.test_clock),
    credit_note: null,
    currency,
    customer: customer.id,
    customer_account: null,
    description: null,
    ending_balance: customer.balance,
    invoice,
    livemode: false,
    metadata: {},
    type,
  };
  world.state.customerBalances.set(row.id, row);
  return row;
}
