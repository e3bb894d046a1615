import { test } from "vitest";

/** A test of one answer of one route: the first two arguments are read by contract.test.ts, which proves that no declared answer lacks one. */
export const covers = (operation: string, answer: string, guarantee: string, body: () => Promise<void>) =>
  test(`${operation} ${answer}: ${guarantee}`, body);
