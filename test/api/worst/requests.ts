import { bodyWith, isMapping, type Node, type Place, placesIn, plainOf, type Route } from "./routes.ts";
import { bodies, plainYaml, type Shape, values, yamls } from "./texts.ts";

/** One request that is dear to somebody, made when it is sent: all of them together are gigabytes. */
export interface Worst {
  readonly route: Route;
  readonly shape: string;
  readonly body?: () => string;
  readonly values?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A plain body that is read as far, where one that is only as long would not be. */
  readonly plain?: { readonly name: string; readonly body: () => string };
}

/** What a gateway lets through of an address with its headers. */
const LINE_BYTES = 8_000;
/** What it lets through of a body, more than any route reads. */
const GATEWAY_BYTES = 6_000_000;

/** A text that as JSON is no longer than there is room for. */
function fitting({ text }: Shape, room: number): string {
  const whole = text(room);
  const length = Buffer.byteLength(JSON.stringify(whole));
  return length <= room ? whole : text(Math.floor((room * whole.length) / length));
}

const fill = (room: number, most: number | undefined, item: (i: number) => unknown): unknown[] => {
  const list: unknown[] = [];
  for (let left = room; left > 0 && list.length < (most ?? Number.POSITIVE_INFINITY); ) {
    const next = item(list.length);
    left -= JSON.stringify(next).length + 1;
    if (left > 0) list.push(next);
  }
  return list;
};
const members = (list: readonly unknown[]) => Object.fromEntries(list as [string, unknown][]);

/** What is put at a place, by its type, for as much room as there is or for as much as the schema takes. */
function dear({ path, node }: Place, room: number): { readonly shape: string; readonly value: () => unknown }[] {
  const name = path.at(-1) ?? "";
  const both = (most: number | undefined) => (most === undefined || most > room ? [room] : [room, most]);
  if (node.type === "string" && !node.enum && node.const === undefined)
    return both(node.maxLength).flatMap((size) =>
      values.map((each) => ({
        shape: `${each.name}, ${size} bytes`,
        value: () => fitting(each, size),
      })),
    );
  const list = (most: number | undefined, make: (i: number) => unknown) => () => fill(room, most, make);
  if (node.type === "array")
    return both(node.maxItems).flatMap((size) => {
      const most = size === room ? undefined : size;
      const plain = plainOf(node.items ?? {}, name);
      return [
        { shape: `numbers, ${most ?? "all"}`, value: list(most, () => 1) },
        { shape: `one item, ${most ?? "all"}`, value: list(most, () => plain) },
        { shape: `items by number, ${most ?? "all"}`, value: list(most, (i) => withNumber(node.items ?? {}, plain, i)) },
        { shape: `empty objects, ${most ?? "all"}`, value: list(most, () => ({})) },
      ];
    });
  if (isMapping(node))
    return [
      { shape: "members by number", value: () => members(fill(room, undefined, (i) => [`A${i}`, ""])) },
      { shape: "members that are numbers", value: () => members(fill(room, undefined, (i) => [`A${i}`, 1])) },
      ...values.map((each) => ({ shape: `a name of ${each.name}`, value: () => ({ [fitting(each, room - 10)]: "" }) })),
      ...values.map((each) => ({ shape: `a name of 200 of ${each.name}`, value: () => ({ [fitting(each, 200)]: "" }) })),
    ];
  if (node.type === "object")
    return [
      {
        shape: "members that nobody asked for",
        value: () => ({ ...(plainOf(node) as object), ...members(fill(room, undefined, (i) => [`x${i}`, "a"])) }),
      },
      {
        shape: "one long name over many texts",
        value: () => ({ ...(plainOf(node) as object), ["k".repeat(room / 2)]: fill(room / 2 - 10, undefined, () => "a") }),
      },
      {
        shape: "long names as deep as may be",
        value: () => {
          let inner: unknown = fill(room / 2, undefined, () => "a");
          for (let i = 0; i < 50; i++) inner = { ["k".repeat(room / 120)]: inner };
          return { ...(plainOf(node) as object), x: inner };
        },
      },
    ];
  return [{ shape: "a list", value: () => [] }];
}

/** An item like the plain one, but no two alike. */
function withNumber(node: Node, plain: unknown, i: number): unknown {
  if (typeof plain === "string") return node.enum ? plain : `a${i}`;
  if (typeof plain !== "object" || plain === null) return i;
  return { ...plain, ...("name" in plain && { name: `a${i}` }), ...("app" in plain && { app: `a${i}` }), number: i };
}

function* ofBody(route: Route, size: number): Generator<Worst> {
  const { body: node } = route;
  const bodyBytes = Math.min(size, route.bodyBytes);
  for (const each of bodies) yield { route, shape: each.name, body: () => each.text(bodyBytes - 10) };
  for (const each of bodies.slice(0, 6))
    yield { route, shape: `${each.name}, past the most`, body: () => each.text(GATEWAY_BYTES) };
  if (!node) return;
  const around = JSON.stringify(plainOf(node)).length + 400;
  for (const place of placesIn(node))
    for (const { shape, value } of dear(place, bodyBytes - around))
      yield {
        route,
        shape: `${place.path.join(".") || "body"}: ${shape}`,
        body: () => JSON.stringify(bodyWith(node, place.path, value())),
      };
}

/** Each dear Compose file where a body has one, against a plain one as long. */
function* ofCompose(route: Route, size: number): Generator<Worst> {
  const { body: node } = route;
  if (!node) return;
  for (const { path, node: place } of placesIn(node)) {
    if (path.at(-1) !== "compose") continue;
    const most = Math.min(size, place.maxLength ?? size);
    const body = (shape: Shape) => () => JSON.stringify(bodyWith(node, path, fitting(shape, most)));
    const plain = { name: `${path.join(".")} ${most}`, body: body(plainYaml) };
    for (const each of yamls) yield { route, shape: `${path.join(".")}: ${each.name}, ${most} bytes`, body: body(each), plain };
  }
}

const bundle =
  (compose: string, variables: Record<string, string> = {}, files: unknown[] = []) =>
  () =>
    JSON.stringify({ bundle: { compose, variables, files } });
const long = "a".repeat(32 * 1024);
const web = (rest: string) => `services:\n  web:\n    image: a\n${rest}`;
const dollars = (room: number) => "$A".repeat(room / 2);

function* ofBundle(route: Route): Generator<Worst> {
  const lines = (line: string, indent = "      - ") => `${indent}'${line}'\n`.repeat(240_000 / (line.length + indent.length + 3));
  for (const [what, key] of Object.entries({
    ports: "ports",
    profiles: "profiles",
    volumes: "volumes",
    environment: "environment",
  }))
    yield {
      route,
      shape: `bundle: a long variable in many ${what}`,
      body: bundle(web(`    ${key}:\n${lines(dollars(60))}`), { A: long }),
    };
  yield {
    route,
    shape: "bundle: a long variable in one image",
    body: bundle(`services:\n  web:\n    image: ${dollars(250_000)}\n`, { A: long }),
  };
  yield {
    route,
    shape: "bundle: a long variable in many images",
    body: bundle(`services:\n${Array.from({ length: 190 }, (_, i) => `  s${i}: {image: '${dollars(1200)}'}\n`).join("")}`, {
      A: long,
    }),
  };
  yield {
    route,
    shape: "bundle: a thousand long variables",
    body: bundle(web(""), Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`A${i}`, "a".repeat(900)]))),
  };
  const content = "AAAA".repeat(1000);
  const deep = (i: number) => `${"a/".repeat(95)}${i}`;
  yield {
    route,
    shape: "bundle: 200 files",
    body: bundle(
      web(""),
      {},
      Array.from({ length: 200 }, (_, i) => ({ path: `f${i}`, content })),
    ),
  };
  yield {
    route,
    shape: "bundle: 200 files far down",
    body: bundle(
      web(""),
      {},
      Array.from({ length: 200 }, (_, i) => ({ path: deep(i), content })),
    ),
  };
}

function* ofExport(route: Route, size: number): Generator<Worst> {
  const document = (rest: object) => () => JSON.stringify({ document: { format: "berth-self-hosted", version: 1, ...rest } });
  const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
  const ten = (shape: Shape) =>
    document({ apps: many(10, (i) => ({ name: `a${i}`, compose: fitting(shape, Math.min(90_000, size / 10)) })) });
  const plain = { name: "ten apps", body: ten(plainYaml) };
  for (const each of yamls) yield { route, shape: `ten apps of ${each.name}`, body: ten(each), plain };
  const app = { name: "a", compose: web("") };
  const release = (i: number) => ({ app: "a", number: i + 1, createdAt: "2026-01-01T00:00:00Z", images: [] });
  yield { route, shape: "releases of one app", body: document({ apps: [app], releases: many(2000, release) }) };
  yield {
    route,
    shape: "releases of as many apps",
    body: document({ releases: many(2000, (i) => ({ ...release(i), app: `a${i}` })) }),
  };
  yield {
    route,
    shape: "releases with all their images",
    body: document({ apps: [app], releases: many(2000, (i) => ({ ...release(i), images: many(50, () => "a:1") })) }),
  };
  yield {
    route,
    shape: "apps past the most, no two alike",
    body: document({ apps: many(30_000, (i) => ({ name: `a${i}`, compose: "a" })) }),
  };
  yield {
    route,
    shape: "targets past the most, no two alike",
    body: document({ targets: many(30_000, (i) => ({ name: `a${i}`, host: "a" })) }),
  };
  yield {
    route,
    shape: "targets that are not there",
    body: document({ apps: many(100, (i) => ({ name: `a${i}`, compose: "a", targets: many(1500, (j) => `t${j}`) })) }),
  };
  yield {
    route,
    shape: "webhooks",
    body: document({ webhooks: many(200, (i) => ({ repository: `r${i}`, branch: "b".repeat(190), app: "a" })) }),
  };
}

/** Headers are read before a route is found, or by the few that ask for one: the open routes, and of the others one that reads and one that writes. */
const headed = ({ id, scope }: Route) => scope === "public" || ["listJobEvents", "createToken", "logout", "getMe"].includes(id);

/** Each place of an address, and each header that we read. */
function* ofLine(route: Route): Generator<Worst> {
  for (const parameter of route.parameters)
    for (const each of values)
      yield {
        route,
        shape: `${parameter.in} ${parameter.name}: ${each.name}`,
        values: { [parameter.name]: each.text(LINE_BYTES / 3) },
      };
  if (!headed(route)) return;
  const headers = {
    authorization: (text: string) => `Bearer ${text}`,
    cookie: (text: string) => `__Host-berth=${text}; __Host-berth-browser=${text}`,
    "idempotency-key": (text: string) => text,
    "user-agent": (text: string) => text,
    "content-type": (text: string) => `application/json ${text}`,
    "last-event-id": (text: string) => text,
    accept: (text: string) => text,
    origin: (text: string) => text,
    "sec-fetch-site": (text: string) => text,
  };
  const line = [
    ["one letter", "a"],
    ["semicolons", ";"],
    ["pairs", "a=b; "],
    ["underscores", "berth_test_"],
    ["dots", "a."],
    ["commas", "a:1,"],
    ["spaces", " a "],
    ["quotes", '"'],
  ] as const;
  for (const [name, put] of Object.entries(headers))
    for (const [what, unit] of line) {
      const text = put(unit.repeat(LINE_BYTES / 2 / unit.length)).trim();
      yield { route, shape: `header ${name}: ${what}`, headers: { [name]: text } };
    }
}

/** How large bodies and Compose files are made, where a route takes them as large. */
export interface Sizes {
  readonly body: number;
  readonly compose: number;
}

/** All that is dear to a route. What takes no body is sent one all the same, with a key by which requests are remembered. */
export function* worstOf(route: Route, { body, compose }: Sizes): Generator<Worst> {
  yield* ofLine(route);
  if (route.method !== "POST") return;
  if (!route.body) {
    for (const each of bodies.slice(0, 3))
      yield {
        route,
        shape: `${each.name}, though none is read`,
        body: () => each.text(GATEWAY_BYTES),
        headers: { "idempotency-key": "k" },
      };
    return;
  }
  yield* ofBody(route, body);
  yield* ofCompose(route, compose);
  if (route.id === "createDeployment") yield* ofBundle(route);
  if (route.id === "createImport") yield* ofExport(route, 4 * compose);
}
