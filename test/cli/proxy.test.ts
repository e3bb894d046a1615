import { readFile } from "node:fs/promises";
import { createServer as createHttp, request } from "node:http";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, connect, type Server } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { proxyFor } from "../../packages/cli/src/api/proxy.ts";
import { useCli } from "./harness.ts";

/** `berth.test` is a name that only the proxy can find; `authority.pem` is an authority that only this test knows. */
const cli = useCli();
const certificate = (name: string) => fileURLToPath(new URL(`certificates/${name}.pem`, import.meta.url));

const open: Server[] = [];
const listen = async (server: Server) => {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};
/** The service behind a certificate. */
const secure = async (cert: string) => {
  const [key, pem] = await Promise.all([readFile(certificate("key")), readFile(certificate(cert))]);
  return listen(
    createHttps({ key, cert: pem }, (question, answer) => {
      const url = new URL(question.url ?? "", cli.url);
      question.pipe(
        request(url, { method: question.method, headers: { ...question.headers, host: url.host } }, (got) => {
          answer.writeHead(got.statusCode ?? 500, got.headers);
          got.pipe(answer);
        }),
      );
    }),
  );
};

const asked: { line: string; authorization: string | undefined }[] = [];
const wants = { password: "" };
const proxy = createHttp((question, answer) => {
  asked.push({ line: `${question.method} ${question.url}`, authorization: question.headers["proxy-authorization"] });
  const url = new URL(new URL(question.url ?? "").pathname, cli.url);
  question.pipe(
    request(url, { method: question.method, headers: { ...question.headers, host: url.host } }, (got) => {
      answer.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(answer);
    }),
  );
});
proxy.on("connect", (question, socket) => {
  const authorization = question.headers["proxy-authorization"];
  asked.push({ line: `CONNECT ${question.url}`, authorization });
  if (wants.password && authorization !== `Basic ${Buffer.from(wants.password).toString("base64")}`) {
    socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    return;
  }
  if (!/^(berth|wrong)\.test:/.test(question.url ?? "")) {
    socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    return;
  }
  const to = connect(Number(question.url?.split(":")[1]), "127.0.0.1", () => {
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    to.pipe(socket).pipe(to);
  });
  for (const end of [to, socket]) end.on("error", () => to.destroy());
});

let token = "";
let good = 0;
let expired = 0;
let through = 0;
beforeAll(async () => {
  token = (await cli.tenant()).secret;
  [good, expired, through] = await Promise.all([secure("server"), secure("expired"), listen(proxy)]);
});
beforeEach(() => {
  asked.length = 0;
  wants.password = "";
});
afterAll(() => {
  for (const server of open) server.close();
});

const whoami = (env: Record<string, string>) => cli.berth(["whoami", "--json"], { token, env });
const own = { SSL_CERT_FILE: certificate("authority") };
const at = (name: string, port: number) => ({ BERTH_URL: `https://${name}:${port}` });

describe("a proxy", () => {
  test.each([
    ["HTTPS_PROXY", own],
    ["https_proxy", own],
    ["ALL_PROXY", own],
    ["HTTPS_PROXY", { NODE_EXTRA_CA_CERTS: certificate("authority") }],
  ])("of %s is asked for a connection, end to end encrypted, to a name that only it can find: %j", async (name, ca) => {
    const run = await whoami({ ...at("berth.test", good), ...ca, [name]: `http://127.0.0.1:${through}` });
    expect(run.code, run.stdout).toBe(0);
    expect(asked).toEqual([{ line: `CONNECT berth.test:${good}`, authorization: undefined }]);
  });

  test("is given the name and the password of its address, and what it wants is said where they are missing", async () => {
    wants.password = "ada:p@ss";
    const env = { ...at("berth.test", good), ...own };
    expect((await whoami({ ...env, HTTPS_PROXY: `http://ada:p%40ss@127.0.0.1:${through}` })).code).toBe(0);
    const run = await whoami({ ...env, HTTPS_PROXY: `http://ada:secretword@127.0.0.1:${through}` });
    expect(run.json).toMatchObject({ code: "cli.unreachable" });
    expect(run.json.detail).toContain(`the proxy 127.0.0.1:${through} wants a name and a password`);
    expect(run.stdout + run.stderr).not.toContain("secretword");
  });

  test("that is not there, or that does not find the name, is named", async () => {
    const gone = await whoami({ ...at("berth.test", good), ...own, HTTPS_PROXY: "http://127.0.0.1:2" });
    expect(gone.json.detail).toContain("the proxy 127.0.0.1:2 is not there: nothing listens at its address");
    const lost = await whoami({ ...at("elsewhere.test", good), ...own, HTTPS_PROXY: `http://127.0.0.1:${through}` });
    expect(lost.json.detail).toContain(`answered 502 to elsewhere.test:${good}`);
  });

  test("of HTTP_PROXY is asked for a plain address that is not this machine's own", async () => {
    const run = await whoami({ BERTH_URL: "http://berth.localhost", HTTP_PROXY: `http://127.0.0.1:${through}` });
    expect(run.code, run.stdout).toBe(0);
    expect(asked.map(({ line }) => line)).toEqual(["GET http://berth.localhost/v1/me"]);
  });

  test("is not asked for this machine itself", async () => {
    const run = await whoami({ ...at("localhost", good), ...own, HTTPS_PROXY: "http://127.0.0.1:2" });
    expect(run.code, run.stdout).toBe(0);
  });

  test.each([
    ["berth.example", true],
    [".example", true],
    ["*.example", true],
    ["example", true],
    ["other.test, berth.example:443", true],
    ["berth.example:8443", false],
    ["erth.example", false],
    ["*", true],
    ["", false],
  ])("is not asked for what NO_PROXY=%j names: %j", (no_proxy, exempt) => {
    const env = { HTTPS_PROXY: "http://proxy.example:3128", NO_PROXY: no_proxy };
    expect(proxyFor(new URL("https://berth.example/v1"), env) === undefined).toBe(exempt);
  });

  test.each([
    ["10.0.0.0/8", "https://10.2.3.4", true],
    ["10.0.0.0/8", "https://11.2.3.4", false],
    ["fd00::/8", "https://[fd12::1]", true],
    ["10.0.0.0/40", "https://10.2.3.4", false],
    ["10.2.3.4", "https://10.2.3.4", true],
  ])("is not asked for a range: NO_PROXY=%s, %s: %j", (no_proxy, url, exempt) => {
    const env = { https_proxy: "proxy.example:3128", no_proxy };
    expect(proxyFor(new URL(url), env)?.host).toBe(exempt ? undefined : "proxy.example:3128");
  });

  test.each(["socks5://user:secretword@proxy.example:1080", "http://", "://"])(
    "with an address that is none is refused without showing it: %s",
    (https_proxy) => {
      expect(() => proxyFor(new URL("https://berth.example"), { https_proxy })).toThrow(
        /^HTTPS_PROXY \(or ALL_PROXY\) is not the address of an http proxy, like http:\/\/proxy.example:3128.$/,
      );
    },
  );
});

describe("a certificate", () => {
  test("of an authority that SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names is good, without a proxy too", async () => {
    for (const name of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]) {
      const run = await whoami({ ...at("localhost", good), [name]: certificate("authority") });
      expect(run.code, run.stdout).toBe(0);
    }
  });

  test("of an authority that nobody knows is refused at once, with what to set", async () => {
    const run = await whoami(at("localhost", good));
    expect(run.json).toMatchObject({ code: "cli.unreachable" });
    expect(run.json.detail).toContain("its certificate is from an authority that this machine does not know");
    expect(run.json.hint).toMatch(/SSL_CERT_FILE or NODE_EXTRA_CA_CERTS/);
  });

  test("that has expired names this machine's clock", async () => {
    const run = await whoami({ ...at("localhost", expired), ...own });
    expect(run.json.detail).toContain("its certificate has expired");
    expect(run.json.hint).toMatch(/^This machine's clock says \d{4}-\d\d-\d\d \d\d:\d\d UTC\. If that is wrong, set it\.$/);
  });

  test("for another name says so", async () => {
    const run = await whoami({ ...at("wrong.test", good), ...own, HTTPS_PROXY: `http://127.0.0.1:${through}` });
    expect(run.json.detail).toContain("its certificate is for another name");
  });

  test("file that cannot be read is named", async () => {
    const run = await whoami({ ...at("localhost", good), SSL_CERT_FILE: "/nonexistent.pem" });
    expect(run.json).toMatchObject({ code: "cli.file", detail: expect.stringContaining("SSL_CERT_FILE names /nonexistent.pem") });
  });

  test("is not asked for where the service speaks no TLS, and that is said", async () => {
    const run = await whoami({ BERTH_URL: cli.url.replace("http:", "https:") });
    expect(run.json.detail).toMatch(/does not answer as a secure|the secure connection failed/);
  });
});
