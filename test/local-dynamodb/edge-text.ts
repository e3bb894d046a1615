import type { Item } from "@berth/local-dynamodb/value.ts";

/** The expressions of a list written with bars and new lines between them. */
export const split = (text: string) => text.split(/[|\n]/);

const used = (text: string, all: Item): Item | undefined => {
  const refs = Object.keys(all).filter((ref) => new RegExp(`${ref}\\b`).test(text));
  return refs.length > 0 ? Object.fromEntries(refs.map((ref) => [ref, all[ref]!])) : undefined;
};

/** Of all values those that an expression names, as a request's member. */
export const placeholders = (text: string, all: Item) => {
  const own = used(text, all);
  return own && { ExpressionAttributeValues: own };
};
