/** Pairs of Compose files: services of small images, and the same after some changes of every kind that Compose may notice or not. */
import * as fc from "fast-check";

const parts: Readonly<Record<string, readonly unknown[]>> = {
  command: [["sleep", "1000"], ["sleep", "1001"], "sleep 1002"],
  entrypoint: [["sh", "-c"]],
  environment: [{ A: "1" }, { A: "2", B: "x" }, ["B=x", "A=2"], { C: null }],
  labels: [{ a: "b" }, { a: "c" }, ["d"]],
  ports: [["18080:80"], ["18081:80", "80"], ["127.0.0.1:18082:80/udp"], [], ["18083-18084:80"]],
  volumes: [
    ["data:/data"],
    ["./conf:/conf:ro"],
    ["/anonymous"],
    ["data:/data:ro", "other:/other"],
    [{ type: "tmpfs", target: "/t" }],
  ],
  tmpfs: ["/run", ["/run", "/tmp"]],
  networks: [["default"], ["back"], ["default", "back"], { back: { aliases: ["x"] } }],
  healthcheck: [{ test: ["CMD", "true"], interval: "1s" }, { test: "true", interval: "2s" }, { disable: true }],
  deploy: [{ replicas: 2 }, { replicas: 1 }, { resources: { limits: { memory: "64M" } } }, { replicas: 2, labels: { a: "b" } }],
  mem_limit: ["64m", "128m"],
  restart: ["always", "no", "unless-stopped"],
  pull_policy: ["missing", "always"],
  scale: [2, 1],
  profiles: [[]],
  stop_grace_period: ["1s", "2s"],
  stop_signal: ["SIGKILL"],
  hostname: ["a", "b"],
  user: ["0"],
  working_dir: ["/tmp"],
  extra_hosts: [["a:10.0.0.1"], { a: "10.0.0.1" }],
  cap_add: [["NET_ADMIN"]],
  init: [true],
  read_only: [true, false],
  "x-note": ["a", "b"],
  ulimits: [{ nofile: 1024 }],
  logging: [{ driver: "json-file", options: { "max-size": "1m" } }],
  configs: [["app"]],
  secrets: [["token"], [{ source: "token", target: "/t" }]],
  build: [".", { context: ".", args: { A: "1" } }],
};

type Service = Readonly<Record<string, unknown>>;

/** Parts that do not go together are left out: Compose refuses them. */
const clash = ({ scale, deploy, mem_limit, ...rest }: Service): Service => ({
  ...rest,
  ...(deploy !== undefined
    ? { deploy }
    : { ...(scale !== undefined && { scale }), ...(mem_limit !== undefined && { mem_limit }) }),
});

const part = fc
  .constantFrom(...Object.keys(parts))
  .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...parts[name]!)));
const some = (most: number) => fc.array(part, { maxLength: most }).map((each) => Object.fromEntries(each));
const image = fc.constantFrom("busybox:1", "busybox:2");
const depends = (names: readonly string[]) =>
  fc
    .dictionary(
      fc.constantFrom(...names),
      fc.record(
        { condition: fc.constantFrom("service_started", "service_healthy"), restart: fc.boolean() },
        { requiredKeys: ["condition"] },
      ),
      { maxKeys: 2 },
    )
    .map((each) => ({ ...each }));

const service = (earlier: readonly string[], others: readonly string[]) =>
  fc
    .tuple(
      image,
      some(5),
      earlier.length > 0 ? fc.option(depends(earlier)) : fc.constant(null),
      others.length > 0 ? fc.option(fc.constantFrom(...others.map((name) => `service:${name}`)), { freq: 9 }) : fc.constant(null),
    )
    .map(([image, parts, depends_on, network_mode]) => {
      const { ports, networks, hostname, extra_hosts, ...lone } = parts;
      const base = network_mode ? { ...lone, network_mode } : parts;
      return clash({ image, ...base, ...(depends_on && { depends_on }) });
    });

const names = ["db", "web", "worker"];
const services = fc.tuple(...names.map((_, i) => service(names.slice(0, i), names.slice(0, i))));

const write = (each: readonly Service[]) =>
  JSON.stringify({
    services: Object.fromEntries(each.map((service, i) => [names[i], service])),
    volumes: { data: {}, other: {} },
    networks: { back: {} },
    configs: { app: { file: "./conf/app.conf" } },
    secrets: { token: { file: "./token.txt" } },
  });

/** Each service of the second file is that of the first, or has a few other parts, or is another one. */
export const pairs = services.chain((old) =>
  fc
    .tuple(
      ...old.map((before, i) =>
        fc.oneof(
          { weight: 3, arbitrary: fc.constant(before) },
          {
            weight: 4,
            arbitrary: part.map(([name, value]) =>
              clash("network_mode" in before && needsNetwork.has(name) ? before : { ...before, [name]: value }),
            ),
          },
          {
            weight: 1,
            arbitrary: fc.constantFrom(...Object.keys(before)).map((name) => (name === "image" ? before : without(before, name))),
          },
          { weight: 1, arbitrary: service(names.slice(0, i), names.slice(0, i)) },
        ),
      ),
    )
    .map((now) => [write(old), write(now)] as const),
);

const needsNetwork = new Set(["ports", "networks", "hostname", "extra_hosts"]);
const without = (service: Service, name: string) => Object.fromEntries(Object.entries(service).filter(([each]) => each !== name));
