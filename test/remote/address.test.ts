import { checkAddress } from "@berth/domain/remote/address.ts";
import { expect, test } from "vitest";

const strict = { allowPrivate: false };
const names = (...addresses: string[]) => ({ ...strict, lookup: async () => addresses.map((address) => ({ address })) });

// Spellings that a string check takes for a name and a resolver for loopback, a private network or a metadata service.
const odd = [
  "127.0.0.1",
  "127.1",
  "0x7f.1",
  "0x7f000001",
  "2130706433",
  "017700000001",
  "0177.0.0.1",
  "0",
  "0.0.0.0",
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "169.254.43518",
  "10.0.0.1",
  "192.168.1.1",
  "172.16.0.1",
  "100.64.0.1",
  "localhost",
  "::1",
  "[::1]",
  "::",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::ffff:169.254.169.254",
  "fe80::1",
  "fc00::1",
  "fd00:ec2::254",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "224.0.0.1",
  "255.255.255.255",
  "240.0.0.1",
  "192.0.2.1",
  "198.18.0.1",
  "198.51.100.1",
  "203.0.113.1",
  "ff02::1",
  "2001:db8::1",
  "3fff::1",
  "5f00::1",
  "fec0::1",
  "64:ff9b:1::1",
  "::127.0.0.1",
  // Called unicast, and given out to nobody
  "1::1",
  "100:0:0:1::1",
  "4000::1",
];

test.each(odd)("%s is not reached from the cloud", async (host) => {
  await expect(checkAddress(host, strict)).rejects.toMatchObject({
    name: "RemoteError",
    class: expect.stringMatching(/^address\./u),
  });
});

test.each(["①②⑦.⓪.⓪.①", "127。0。0。1", "", " ", "a b", "a/b", "user@host", "host\0", "x".repeat(254)])(
  "%j leads nowhere",
  async (host) => {
    await expect(checkAddress(host, strict)).rejects.toMatchObject({ class: expect.stringMatching(/^address\./u) });
  },
);

test.each(["8.8.8.8", "134744072", "2606:4700:4700::1111", "[2606:4700:4700::1111]"])(
  "%s is reached by its number",
  async (host) => {
    expect(await checkAddress(host, strict)).toMatch(/^8\.8\.8\.8$|^2606:4700:4700:/u);
  },
);

test("one address of a name that may not be reached spoils the others", async () => {
  expect(await checkAddress("x.example", names("8.8.8.8", "8.8.4.4"))).toBe("8.8.8.8");
  for (const bad of ["10.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "not an address"]) {
    await expect(checkAddress("x.example", names("8.8.8.8", bad))).rejects.toMatchObject({ class: "address.refused" });
  }
  await expect(checkAddress("x.example", names())).rejects.toMatchObject({ class: "address.unknown" });
});

test("a name is resolved once, so the address that was checked is the one that is returned", async () => {
  let asked = 0;
  const lookup = async () => [{ address: ++asked === 1 ? "8.8.8.8" : "127.0.0.1" }];
  expect(await checkAddress("rebinding.example", { allowPrivate: false, lookup })).toBe("8.8.8.8");
  expect(asked).toBe(1);
});

test("the local stage reaches private servers, and still no metadata service", async () => {
  const local = { allowPrivate: true };
  expect(await checkAddress("127.0.0.1", local)).toBe("127.0.0.1");
  expect(await checkAddress("10.77.0.11", local)).toBe("10.77.0.11");
  for (const host of ["169.254.169.254", "::ffff:169.254.169.254", "224.0.0.1", "0.0.0.0", "fe80::1"]) {
    await expect(checkAddress(host, local)).rejects.toMatchObject({ class: expect.stringMatching(/^address\./u) });
  }
});
