import { createHmac, timingSafeEqual } from "node:crypto";

/** Either way. Stripe's own library accepts any future time. */
export const TOLERANCE_SECONDS = 300;

export type Verdict = "genuine" | "no-secret" | "no-header" | "malformed" | "stale" | "forged";

/**
 * `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`; v1 is the HMAC-SHA256 of `<t>.<body>` under the endpoint's secret. Other schemes are
 * ignored (a sandbox adds a fake v0). Stripe's library would add 246 KB to an ingress of 296 KB, which may have 350 KB; the tests compare
 * the two.
 */
export function verify(body: Buffer, header: string | undefined, secrets: readonly string[], nowSeconds: number): Verdict {
  const usable = secrets.filter((secret) => secret.trim() !== "");
  if (usable.length === 0) return "no-secret";
  if (header === undefined) return "no-header";
  const parts = header.split(",").map((part) => part.trim().split("=") as [string, string?]);
  const time = parts.find(([name]) => name === "t")?.[1] ?? "";
  const given = parts
    .filter(([name, value]) => name === "v1" && value !== undefined)
    .map(([, value]) => Buffer.from(value ?? ""));
  if (!/^\d{1,12}$/.test(time) || given.length === 0) return "malformed";
  const genuine = usable.some((secret) => {
    const expected = Buffer.from(createHmac("sha256", secret).update(`${time}.`).update(body).digest("hex"));
    return given.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
  });
  if (!genuine) return "forged";
  return Math.abs(nowSeconds - Number(time)) <= TOLERANCE_SECONDS ? "genuine" : "stale";
}
