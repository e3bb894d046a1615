/** Test cards as they are typed on the payment page. */
export const cards = { works: "4242424242424242", declined: "4000000000000002", alwaysAsks: "4000002760003184" } as const;
