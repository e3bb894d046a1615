const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** How many characters follow each prefix, as in real ids. Payment objects begin with 3, most others with 1, the oldest kinds with neither. */
const shapes = {
  customer: ["cus_", 14],
  product: ["prod_", 14],
  price: ["price_1", 23],
  item: ["si_", 14],
  subscription: ["sub_1", 23],
  schedule: ["sub_sched_1", 23],
  invoice: ["in_1", 23],
  line: ["il_1", 23],
  invoiceItem: ["ii_1", 23],
  invoicePayment: ["inpay_1", 23],
  paymentMethod: ["pm_1", 23],
  paymentIntent: ["pi_3", 23],
  charge: ["ch_3", 23],
  setupIntent: ["seti_1", 23],
  refund: ["re_3", 23],
  dispute: ["dp_1", 23],
  balance: ["txn_3", 23],
  customerBalance: ["cbtxn_1", 23],
  event: ["evt_1", 23],
  paymentEvent: ["evt_3", 23],
  endpoint: ["we_1", 23],
  checkout: ["cs_test_a1", 56],
  checkoutItem: ["li_1", 23],
  portalSession: ["bps_1", 23],
  portalConfiguration: ["bpc_1", 23],
  clock: ["clock_1", 23],
  request: ["req_", 14],
  secret: ["whsec_", 32],
  token: ["", 25],
  delivery: ["del_", 14],
} as const satisfies Record<string, readonly [string, number]>;

export type IdKind = keyof typeof shapes;

/** A generator whose whole state is one number, so that a seed repeats every id and a saved world goes on where it was. */
export interface Dice {
  state: number;
}

/** The next number in [0, 1). */
export function roll(dice: Dice): number {
  dice.state = (dice.state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(dice.state ^ (dice.state >>> 15), 1 | dice.state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

/** A new id of a kind. */
export function newId(dice: Dice, kind: IdKind): string {
  const [prefix, length] = shapes[kind];
  let id: string = prefix;
  for (let index = 0; index < length; index += 1) id += alphabet[Math.floor(roll(dice) * alphabet.length)];
  return id;
}
