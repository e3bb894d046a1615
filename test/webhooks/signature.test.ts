import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { TOLERANCE_SECONDS, verify } from "../../functions/webhooks/signature.ts";

const NOW = Date.UTC(2027, 2, 1, 12) / 1000;
const SECRET = "whsec_1234567890";
const body = Buffer.from(JSON.stringify({ id: "evt_1", object: "event" }, null, 2));

const sign = (payload: Buffer, secret: string, at: number) =>
  createHmac("sha256", secret).update(`${at}.`).update(payload).digest("hex");
const header = (secret = SECRET, at = NOW, payload = body) => `t=${at},v1=${sign(payload, secret, at)}`;

test("what Stripe's own library signs is genuine", () => {
  const made = Stripe.webhooks.generateTestHeaderString({ payload: body.toString(), secret: SECRET, timestamp: NOW });
  expect(verify(body, made, [SECRET], NOW)).toBe("genuine");
});

test("while a secret is rolled either of two is taken, in the header and on our side", () => {
  const both = `t=${NOW},v1=${sign(body, "whsec_old", NOW)},v1=${sign(body, SECRET, NOW)}`;
  expect(verify(body, both, [SECRET], NOW)).toBe("genuine");
  expect(verify(body, both, ["whsec_old"], NOW)).toBe("genuine");
  expect(verify(body, header("whsec_old"), [SECRET, "whsec_old"], NOW)).toBe("genuine");
  expect(verify(body, header("whsec_older"), [SECRET, "whsec_old"], NOW)).toBe("forged");
});

test.each([
  ["another secret", header("whsec_other"), "forged"],
  ["another body", header(SECRET, NOW, Buffer.from("{}")), "forged"],
  ["another time than was signed", header().replace(`t=${NOW}`, `t=${NOW + 1}`), "forged"],
  ["only the fake scheme v0", header().replace("v1=", "v0="), "malformed"],
  ["no signature", `t=${NOW}`, "malformed"],
  ["no time", `v1=${sign(body, SECRET, NOW)}`, "malformed"],
  ["a time that is none", header().replace(`t=${NOW}`, "t=now"), "malformed"],
  ["an empty header", "", "malformed"],
  ["no header", undefined, "no-header"],
  ["a signature cut short", header().slice(0, -2), "forged"],
] as const)("%s is refused", (_, given, verdict) => {
  expect(verify(body, given, [SECRET], NOW)).toBe(verdict);
});

test("without a secret nothing is genuine, nor with an empty one", () => {
  expect(verify(body, header(""), [], NOW)).toBe("no-secret");
  expect(verify(body, header(""), [""], NOW)).toBe("no-secret");
  expect(verify(body, header(" "), [" "], NOW)).toBe("no-secret");
});

test("a time is good up to the tolerance into the past and into the future, which Stripe's library does not check", () => {
  const at = (seconds: number) => verify(body, header(SECRET, NOW + seconds), [SECRET], NOW);
  expect(at(-TOLERANCE_SECONDS)).toBe("genuine");
  expect(at(-TOLERANCE_SECONDS - 1)).toBe("stale");
  expect(at(TOLERANCE_SECONDS)).toBe("genuine");
  expect(at(TOLERANCE_SECONDS + 1)).toBe("stale");
  expect(at(10 * 365 * 86_400)).toBe("stale");
  const future = header(SECRET, NOW + 10 * 365 * 86_400);
  expect(() => Stripe.webhooks.constructEvent(body, future, SECRET, 300, undefined, NOW * 1000)).not.toThrow();
});

test("a body that a proxy wrote anew is forged, though it means the same", () => {
  const anew = Buffer.from(JSON.stringify(JSON.parse(body.toString())));
  expect(verify(anew, header(), [SECRET], NOW)).toBe("forged");
});

test("on 5,000 headers of any kind the verdict is that of Stripe's library, but for the future", () => {
  const scheme = fc.constantFrom("v1", "v0", "v2", "");
  const part = fc.oneof(
    fc.tuple(scheme, fc.constantFrom(SECRET, "whsec_other", "whsec_old")).map(([name, secret]) => ({ name, secret })),
    fc.constantFrom({ name: "v1", raw: "abc" }, { name: "junk", raw: "" }),
  );
  const time = fc.oneof(fc.integer({ min: NOW - 900, max: NOW + TOLERANCE_SECONDS }), fc.constant(NOW));
  const payload = fc.oneof(fc.json(), fc.string({ unit: "grapheme" })).map((text) => Buffer.from(text));
  const seen = new Set<boolean>();
  fc.assert(
    fc.property(time, fc.array(part, { maxLength: 4 }), payload, fc.boolean(), (at, parts, raw, tampered) => {
      const signatures = parts.map((each) =>
        "raw" in each ? `${each.name}=${each.raw}` : `${each.name}=${sign(raw, each.secret, at)}`,
      );
      const made = [`t=${at}`, ...signatures].join(",");
      const sent = tampered ? Buffer.concat([raw, Buffer.from(" ")]) : raw;
      let library = true;
      try {
        Stripe.webhooks.signature?.verifyHeader(sent, made, SECRET, TOLERANCE_SECONDS, undefined, NOW * 1000);
      } catch (error) {
        expect(error).toBeInstanceOf(Stripe.errors.StripeSignatureVerificationError);
        library = false;
      }
      expect(verify(sent, made, [SECRET], NOW) === "genuine").toBe(library);
      seen.add(library);
    }),
    { numRuns: 5000 },
  );
  expect(seen.size).toBe(2);
});
