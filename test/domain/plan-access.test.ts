/** What of a release reaches beyond its own containers and folder, each kind of access by each of its forms. */
import { planTarget } from "@berth/domain/plan/plan-target.ts";
import { describe, expect, test } from "vitest";
import { bind, reportOf, type Side, volume } from "./reports.ts";

const dangersOf = (service: object, more: Partial<Side> = {}) =>
  planTarget(reportOf(undefined, { services: { web: { image: "web:1", ...service } }, ...more })).dangers.map(
    ({ setting, what }) => `${setting}: ${what}`,
  );

const built = (build: object) => ({ build: { context: "/srv/releases/2", dockerfile: "Dockerfile", ...build } });

describe("a plan says what reaches beyond the app", () => {
  test.each<[string, object, string[], Partial<Side>?]>([
    ["nothing", {}, []],
    ["all rights", { privileged: true }, ["privileged: has all rights on the server"]],
    [
      "Docker's socket",
      { volumes: [bind("/var/run/docker.sock", "/s", { read_only: true })] },
      ["docker.sock: /var/run/docker.sock"],
    ],
    ["Docker's socket, by Compose", { use_api_socket: true }, ["docker.sock: may give Docker any order"]],
    ["a path of the server", { volumes: [bind("/etc", "/etc")] }, ["host-path: /etc"]],
    ["a path above the app's folder", { volumes: [bind("/srv/releases/x", "/x")] }, ["host-path: /srv/releases/x"]],
    ["the app's own folder", { volumes: [bind("/srv/releases/2", "/a"), bind("/srv/releases/2/conf", "/b")] }, []],
    ...["docker", "podman", "containerd"].map((engine): [string, object, string[]] => [
      `the socket of ${engine}`,
      { volumes: [bind(`/run/${engine}/${engine}.sock`, "/s")] },
      [`docker.sock: /run/${engine}/${engine}.sock`],
    ]),
    ...["/etc/localtime", "/etc/timezone"].flatMap((path): [string, object, string[]][] => [
      [`${path}, to be read`, { volumes: [bind(path, path, { read_only: true })] }, []],
      [`${path}, to be written`, { volumes: [bind(path, path)] }, [`host-path: ${path}`]],
    ]),
    [
      "a volume that is a path",
      { volumes: [volume("data", "/data")] },
      ["host-path: /etc"],
      { volumes: { data: { driver_opts: { type: "none", o: "bind", device: "/etc" } } } },
    ],
    [
      "a secret that is a path",
      { secrets: [{ source: "token" }] },
      ["host-path: /root/token"],
      { secrets: { token: { file: "/root/token" } } },
    ],
    [
      "a config that is a path",
      { configs: [{ source: "settings" }] },
      ["host-path: /root/settings"],
      { configs: { settings: { file: "/root/settings" } } },
    ],
    [
      "a secret of the release's",
      { secrets: [{ source: "token" }] },
      [],
      { secrets: { token: { file: "/srv/releases/2/token" } } },
    ],
    [
      "the server's network and processes",
      { network_mode: "host", pid: "host" },
      ["host-namespace: network", "host-namespace: processes"],
    ],
    [
      "each other namespace of the server's",
      { ipc: "host", uts: "host", userns_mode: "host", cgroup: "host" },
      ["host-namespace: shared memory", "host-namespace: host name", "host-namespace: users", "host-namespace: cgroup"],
    ],
    ["namespaces of its own, and of other services", { network_mode: "service:db", pid: "service:db", ipc: "private" }, []],
    ["a device", { devices: [{ source: "/dev/kvm", target: "/dev/kvm" }] }, ["device: /dev/kvm"]],
    ["devices by a rule", { device_cgroup_rules: ["c 1:3 mr"] }, ["device: c 1:3 mr"]],
    ["a capability", { cap_add: ["NET_ADMIN"] }, ["capability: NET_ADMIN"]],
    ...["pre_start", "post_start", "pre_stop"].map((hook): [string, object, string[]] => [
      `all rights of a command that is given at ${hook}`,
      { [hook]: [{ command: ["id"] }, { command: ["id"], privileged: true }] },
      ["privileged: gives a command all rights on the server"],
    ]),
    ["the volumes of a container of others", { volumes_from: ["container:portainer:ro"] }, ["host-path: volumes of portainer"]],
    ["the volumes of a service", { volumes_from: ["db:ro"] }, []],
    [
      "the server's network, as a network",
      { networks: { out: null } },
      ["host-namespace: network"],
      { networks: { out: { name: "host", external: true } } },
    ],
    ...[
      [{ type: "ext4", device: "/dev/sda1" }, "/dev/sda1"],
      [{ type: "none", o: "rbind", device: "/etc" }, "/etc"],
      [
        { type: "overlay", o: "lowerdir=/etc,upperdir=/a,workdir=/b", device: "overlay" },
        "overlay lowerdir=/etc,upperdir=/a,workdir=/b",
      ],
      [{ type: "nfs", o: "bind", device: "/etc" }, "/etc"],
      [{ type: "nfs", o: "ro,rbind", device: "/etc" }, "/etc"],
    ].map(([options, path]): [string, object, string[], Partial<Side>] => [
      `a volume that is ${JSON.stringify(options)}`,
      { volumes: [volume("data", "/data")] },
      [`host-path: ${path}`],
      { volumes: { data: { driver_opts: options } } },
    ]),
    ...["nfs", "nfs4", "cifs", "smb3", "tmpfs"].map((type): [string, object, string[], Partial<Side>] => [
      `a volume of the kind ${type}`,
      { volumes: [volume("data", "/data")] },
      [],
      { volumes: { data: { driver_opts: { type, o: "addr=10.0.0.2,rw", device: ":/data" } } } },
    ]),
    [
      "a program of the server",
      { image: undefined, provider: { type: "/bin/x" } },
      ["privileged: is what a program of the server does: /bin/x"],
    ],
    [
      "its build, from the release's folder",
      built({ dockerfile: "docker/web.Dockerfile", additional_contexts: { more: "/srv/releases/2/more" } }),
      [],
    ],
    [
      "its build, from elsewhere",
      built({ context: "https://example.com/web.git", additional_contexts: { a: "service:db", b: "docker-image://page:1" } }),
      [],
    ],
    ["its build, from a folder beside", built({ context: "/etc", dockerfile: "Dockerfile" }), ["host-path: /etc"]],
    ["its build, with a folder beside", built({ additional_contexts: { more: "/etc" } }), ["host-path: /etc"]],
    ["its build, by a Dockerfile beside", built({ dockerfile: "../../../etc/shadow" }), ["host-path: /etc/shadow"]],
    ["its build, by a Dockerfile of the server", built({ dockerfile: "/etc/shadow" }), ["host-path: /etc/shadow"]],
    [
      "its build's secret",
      built({ secrets: [{ source: "token" }] }),
      ["host-path: /root/token"],
      { secrets: { token: { file: "/root/token" } } },
    ],
    ["its build's keys", built({ ssh: ["default"] }), ["host-path: SSH keys for its build: default"]],
    [
      "its build's cache",
      built({ cache_to: ["type=local,mode=max,dest=/srv/cache", "type=registry,ref=a/b"] }),
      ["host-path: /srv/cache"],
    ],
    ["a cache that its build reads", built({ cache_from: ["type=local,src=/srv/cache"] }), ["host-path: /srv/cache"]],
    ["a cache in its own folder", built({ cache_to: ["type=local,dest=cache"] }), []],
    ["a cache above its own folder", built({ cache_to: ["type=local,dest=../cache"] }), ["host-path: ../cache"]],
    ...[{ privileged: true }, { entitlements: ["security.insecure"] }].map((build): [string, object, string[]] => [
      `its build's rights, by ${JSON.stringify(build)}`,
      built(build),
      ["privileged: its build has all rights on the server"],
    ]),
    ...[{ network: "host" }, { entitlements: ["network.host"] }].map((build): [string, object, string[]] => [
      `its build's network, by ${JSON.stringify(build)}`,
      built(build),
      ["host-namespace: network, of its build"],
    ]),
    ["a build that is not done", { ...built({ privileged: true }), pull_policy: "always" }, []],
  ])("%s", (_, service, expected, more) => {
    expect(dangersOf(service, more)).toEqual(expected);
  });
});
