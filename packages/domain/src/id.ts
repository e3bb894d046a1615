import { createHash } from "node:crypto";
import type { World } from "./context.ts";

const prefixes = {
  tenant: "ten",
  user: "usr",
  token: "tok",
  deployer: "dpr",
  target: "tgt",
  app: "app",
  job: "job",
  plan: "pln",
  log: "log",
  audit: "aud",
  request: "req",
} as const;

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A ULID (48 bits of time, 80 random bits, Crockford base 32): later ones sort later. */
export function ulid(world: Pick<World, "now" | "random">): string {
  let time = world.now().getTime();
  let head = "";
  for (let i = 0; i < 10; i++) {
    head = alphabet.charAt(time % 32) + head;
    time = Math.floor(time / 32);
  }
  let tail = "";
  for (const byte of world.random(16)) tail += alphabet.charAt(byte % 32);
  return head + tail;
}

export const newId = (world: Pick<World, "now" | "random">, noun: keyof typeof prefixes) => `${prefixes[noun]}_${ulid(world)}`;

export const isId = (noun: keyof typeof prefixes, text: string) =>
  new RegExp(`^${prefixes[noun]}_[0-9A-HJKMNP-TV-Z]{26}$`).test(text);

export const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const secretAlphabet = "0123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ";

/** Letters and digits, 5.9 bits of entropy a character. */
export function secretText(world: Pick<World, "random">, characters: number): string {
  let text = "";
  while (text.length < characters)
    for (const byte of world.random(characters))
      if (byte < 232 && text.length < characters) text += secretAlphabet.charAt(byte % 58);
  return text;
}
