import { execFile, execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildCli } from "../../packages/cli/build.ts";
import { hintOf, isCertificate, isUnsent, reasonOf } from "../../packages/cli/src/api/reason.ts";
import { useCli } from "./harness.ts";

const cli = useCli();

/** The first packet of each connection is lost, so that connecting takes a second, as it can over a bad line. */
const lossy =
  "ip link set lo up && iptables -A INPUT -p tcp --syn --dport 4710 -m hashlimit --hashlimit-name first --hashlimit-mode srcport --hashlimit-upto 1/hour --hashlimit-burst 1 -j DROP";
/** A network of its own needs root, and a kernel that can count connections. */
const able = (() => {
  try {
    execFileSync("unshare", ["--net", "sh", "-c", lossy], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const service = `
  const answer = { code: "auth.required", title: "You are not logged in", status: 401, next: [] };
  require("node:http").createServer((_, response) => response.writeHead(401, { "content-type": "application/problem+json" })
    .end(JSON.stringify(answer))).listen(4710, "127.0.0.1", () => console.log("up"));
`;
const names = `
  require("node:dns").lookup = (name, options, done) =>
    (typeof options === "function" ? options : done)(null, [
      { address: "127.0.0.1", family: 4 },
      { address: "2001:db8::1", family: 6 },
    ]);
`;

describe("a name with several addresses", () => {
  test.skipIf(!able)("is reached by the one that works, also where that is slow and the other leads nowhere", async () => {
    const folder = await cli.folder({ "service.cjs": service, "names.cjs": names });
    const program = await buildCli(join(folder, "berth.mjs"));
    const node = process.execPath;
    await writeFile(
      join(folder, "run.sh"),
      `${lossy}
      "${node}" service.cjs > up & service=$!
      until grep -q up up; do sleep 0.1; done
      "${node}" --require ./names.cjs "${program}" whoami --json; code=$?
      kill $service; exit $code`,
    );
    const env = { PATH: process.env.PATH, BERTH_URL: "http://slow.localhost:4710", BERTH_TOKEN: "x" };
    const run = await new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
      execFile("unshare", ["--net", "sh", "run.sh"], { cwd: folder, env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
    // 4: the service was asked, and does not know the token.
    expect(run.code, run.stdout + run.stderr).toBe(4);
    expect(JSON.parse(run.stdout)).toMatchObject({ code: "auth.required" });
  });
});

describe("why a request failed", () => {
  const failed = (code: string, message = "", more: object = {}) =>
    new TypeError("fetch failed", { cause: Object.assign(new Error(message), { code, ...more }) });
  const several = (...codes: readonly string[]) =>
    new TypeError("fetch failed", {
      cause: Object.assign(
        new AggregateError(codes.map((code) => Object.assign(new Error(`connect ${code}`), { code, syscall: "connect" }))),
        { code: codes[0] },
      ),
    });

  test.each([
    ["ETIMEDOUT", "it does not answer"],
    ["ENETUNREACH", "there is no network"],
    ["ECONNRESET", "the connection was cut"],
    ["EPIPE", "the connection was cut"],
    ["UND_ERR_SOCKET", "the connection was cut"],
    ["UND_ERR_CONNECT_TIMEOUT", "it does not answer"],
    ["UND_ERR_HEADERS_TIMEOUT", "it does not answer"],
    ["UND_ERR_BODY_TIMEOUT", "its answer stopped half-way"],
    ["HPE_INVALID_CONSTANT", "what answers there does not speak HTTP"],
    ["ERR_SSL_SSLV3_ALERT", "the secure connection failed (ERR_SSL_SSLV3_ALERT)"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "its certificate is from an authority that this machine does not know"],
    ["ESOMETHING", "ESOMETHING"],
    ["", "the network failed"],
  ])("%s is said in plain words: %s", (code, words) => {
    expect(reasonOf(failed(code))).toContain(words);
  });

  test("of several addresses is never empty", () => {
    expect(reasonOf(several("ETIMEDOUT", "ENETUNREACH"))).toBe("it does not answer");
    expect(reasonOf(several("EODD"))).toBe("connect EODD");
    expect(reasonOf(undefined)).toBe("the network failed");
    expect(reasonOf(new TypeError("terminated"))).toBe("the connection was cut");
  });

  test("tells whether the request was sent", () => {
    expect(isUnsent(several("ETIMEDOUT", "ENETUNREACH"))).toBe(true);
    expect(isUnsent(failed("ETIMEDOUT", "", { syscall: "connect" }))).toBe(true);
    expect(isUnsent(failed("ENOTFOUND"))).toBe(true);
    expect(
      isUnsent(failed("ECONNRESET", "Client network socket disconnected before secure TLS connection was established")),
    ).toBe(true);
    for (const sent of [
      failed("ETIMEDOUT", "", { syscall: "read" }),
      failed("ECONNRESET"),
      new TypeError("terminated"),
      undefined,
    ])
      expect(isUnsent(sent)).toBe(false);
  });

  test("by a certificate's dates names the clock, and nothing else does", () => {
    const now = new Date("2026-11-28T17:00:00Z");
    expect(hintOf(failed("CERT_NOT_YET_VALID"), now)).toContain("2026-11-28 17:00 UTC");
    expect(isCertificate(failed("CERT_NOT_YET_VALID"))).toBe(true);
    expect(hintOf(failed("ECONNRESET"), now)).toBeUndefined();
  });
});
