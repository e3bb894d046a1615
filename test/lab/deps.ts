/** What a lab needs beyond Node, and how to get it from Debian's packages. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const programs: Record<string, string> = {
  "/usr/sbin/dockerd": "docker.io",
  "/usr/bin/docker-registry": "docker-registry",
  "/usr/sbin/sshd": "openssh-server",
  "/bin/busybox": "busybox-static",
  "/usr/bin/redis-server": "redis-server",
};
const anywhere: Record<string, string> = { ip: "iproute2", iptables: "iptables", flock: "util-linux", bash: "bash" };
const plugins = ["/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins", "/usr/local/lib/docker/cli-plugins"];
const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

const packageOf = (program: string) => (program === "newuidmap" ? "uidmap" : program);

/** `more` are programs; most have their package's name. */
function missing(more: readonly string[] = []): { packages: string[]; compose: boolean } {
  const absent = Object.entries(programs).filter(([path]) => !existsSync(path));
  const named = { ...anywhere, ...Object.fromEntries(more.map((name) => [name, packageOf(name)])) };
  const unfound = Object.entries(named).filter(([name]) => !folders.some((folder) => existsSync(`${folder}/${name}`)));
  const compose = !plugins.some((folder) => existsSync(`${folder}/docker-compose`));
  return { packages: [...absent, ...unfound].map(([, name]) => name), compose };
}

/** Why no lab can run on this machine even after installing what is missing, or undefined when one can. */
export function unavailable(): string | undefined {
  if (process.platform !== "linux") return "the lab needs Linux";
  if (process.getuid?.() !== 0) return "the lab needs root";
  const { packages, compose } = missing();
  if ((packages.length > 0 || compose) && !existsSync("/usr/bin/apt-get")) {
    return `the lab needs ${[...packages, ...(compose ? ["docker-compose"] : [])].join(", ")} and this is not a Debian machine`;
  }
  return undefined;
}

/** Install what is missing, and `more` besides. A lock keeps two labs that start at once from installing at once. */
export function installDeps(more: readonly string[] = []): void {
  const { packages, compose } = missing(more);
  if (packages.length === 0 && !compose) return;
  const script = fileURLToPath(new URL("./deps.sh", import.meta.url));
  execFileSync("flock", ["/tmp/berth-lab.deps.lock", "bash", script, compose ? "compose" : "", ...packages], {
    stdio: ["ignore", "ignore", "pipe"],
  });
}
