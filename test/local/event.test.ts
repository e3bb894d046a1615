import { expect, test } from "vitest";
import { type HttpRequest, toAnswer, toEvent } from "../../packages/local/src/gateway/event.ts";
import { router } from "../../packages/local/src/gateway/routes.ts";

const at = new Date("2027-03-01T12:00:00.000Z");

function request(given: Partial<HttpRequest> & { headerList?: string[] }): HttpRequest {
  return {
    method: "GET",
    url: "/v1/apps",
    httpVersion: "1.1",
    headers: {},
    sourceIp: "127.0.0.1",
    body: Buffer.alloc(0),
    rawHeaders: ["Host", "127.0.0.1:3000", ...(given.headerList ?? [])],
    ...given,
  };
}

test("a request becomes the event of payload format 2.0", () => {
  const event = toEvent(
    request({
      method: "POST",
      url: "/v1/apps?tag=a&tag=b&q=x%20y&empty=",
      headerList: [
        "User-Agent",
        "curl/8",
        "Content-Type",
        "application/json",
        "X-Many",
        "one",
        "x-many",
        "two",
        "Cookie",
        "a=1; b=2",
      ],
      body: Buffer.from('{"name":"shop"}'),
    }),
    "ANY /v1/{proxy+}",
    at,
    { proxy: "apps" },
  );
  const { requestContext, headers, ...rest } = event;
  expect(rest).toEqual({
    version: "2.0",
    routeKey: "ANY /v1/{proxy+}",
    rawPath: "/v1/apps",
    rawQueryString: "tag=a&tag=b&q=x%20y&empty=",
    cookies: ["a=1", "b=2"],
    queryStringParameters: { tag: "a,b", q: "x y", empty: "" },
    pathParameters: { proxy: "apps" },
    body: '{"name":"shop"}',
    isBase64Encoded: false,
  });
  expect(headers).toEqual({
    host: "127.0.0.1:3000",
    "user-agent": "curl/8",
    "content-type": "application/json",
    "x-many": "one,two",
    "x-amzn-trace-id": expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-port": "3000",
    "x-forwarded-proto": "http",
  });
  expect(requestContext).toEqual({
    accountId: "000000000000",
    apiId: "local",
    domainName: "127.0.0.1:3000",
    domainPrefix: "127",
    http: { method: "POST", path: "/v1/apps", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "curl/8" },
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    routeKey: "ANY /v1/{proxy+}",
    stage: "$default",
    time: "01/Mar/2027:12:00:00 +0000",
    timeEpoch: at.getTime(),
  });
});

test("a body that is not text arrives as base64, byte for byte", () => {
  const body = Buffer.from([0, 255, 128, 10, 13]);
  const event = toEvent(
    request({ method: "POST", headerList: ["Content-Type", "application/octet-stream"], body }),
    "$default",
    at,
  );
  expect(event.isBase64Encoded).toBe(true);
  expect(Buffer.from(event.body ?? "", "base64")).toEqual(body);
});

test("a form and JSON by another name arrive as base64, plain JSON and text as text", () => {
  const of = (type: string) =>
    toEvent(request({ method: "POST", headerList: ["Content-Type", type], body: Buffer.from("{}") }), "$default", at)
      .isBase64Encoded;
  expect(of("application/x-www-form-urlencoded")).toBe(true);
  expect(of("application/problem+json")).toBe(true);
  expect(of("application/json; charset=utf-8")).toBe(false);
  expect(of("text/plain")).toBe(false);
});

test("a request without body, cookies, query or parameters has none of these fields", () => {
  const event = toEvent(request({}), "$default", at);
  for (const field of ["body", "cookies", "queryStringParameters", "pathParameters"]) expect(event).not.toHaveProperty(field);
  expect(event.rawQueryString).toBe("");
});

test("the path is decoded, and left alone where it cannot be", () => {
  expect(toEvent(request({ url: "/v1/apps/a%20b" }), "$default", at).rawPath).toBe("/v1/apps/a b");
  expect(toEvent(request({ url: "/v1/apps/%ff" }), "$default", at).rawPath).toBe("/v1/apps/%ff");
});

test("the caller's own address is the last in x-forwarded-for, whatever it claims", () => {
  const { headers } = toEvent(request({ headerList: ["X-Forwarded-For", "10.0.0.1"] }), "$default", at);
  expect(headers["x-forwarded-for"]).toBe("10.0.0.1, 127.0.0.1");
});

test("a result with a status becomes the answer, cookies and binary included", () => {
  const answer = toAnswer({
    statusCode: 201,
    headers: { "X-One": 1 },
    cookies: ["a=1; Path=/", "b=2"],
    body: Buffer.from([1, 2, 255]).toString("base64"),
    isBase64Encoded: true,
  });
  expect(answer).toEqual({
    status: 201,
    headers: { "x-one": "1" },
    cookies: ["a=1; Path=/", "b=2"],
    body: Buffer.from([1, 2, 255]),
  });
});

test("a result without a status is a 200 of JSON", () => {
  expect(toAnswer({ ok: true })).toMatchObject({ status: 200, body: Buffer.from('{"ok":true}') });
  expect(toAnswer("plain")).toMatchObject({ status: 200, body: Buffer.from("plain") });
});

test("of routes that fit the most particular is taken", () => {
  const route = router(
    [
      ["ANY", "/v1/{proxy+}"],
      ["GET", "/v1/jobs/{job}/events"],
      ["GET", "/v1/jobs/latest/events"],
      ["ANY", "/v1/jobs/{job}/events"],
    ].map(([method = "", path = ""]) => ({ pattern: { method, path }, target: `${method} ${path}` })),
  );
  expect(route("GET", "/v1/jobs/j1/events")).toEqual({
    target: "GET /v1/jobs/{job}/events",
    routeKey: "GET /v1/jobs/{job}/events",
    parameters: { job: "j1" },
  });
  expect(route("POST", "/v1/jobs/j1/events")?.target).toBe("ANY /v1/jobs/{job}/events");
  expect(route("GET", "/v1/jobs/latest/events")?.target).toBe("GET /v1/jobs/latest/events");
  expect(route("GET", "/v1/a/b/c")?.parameters).toEqual({ proxy: "a/b/c" });
  expect(route("GET", "/v1/")).toBeUndefined();
  expect(route("GET", "/v2/a")).toBeUndefined();
});
