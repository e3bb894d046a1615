/** The kinds of add-ons, by the words that they are asked for with. */
export const kindNames = ["postgres", "redis", "nats", "mariadb"] as const;
export type KindName = (typeof kindNames)[number];

export const kindTitles = { postgres: "PostgreSQL", redis: "Redis", nats: "NATS", mariadb: "MariaDB" } as const satisfies Record<
  KindName,
  string
>;
