import type { FailureClass } from "@berth/domain/job/failure.ts";

type Place = readonly [file: string, test: string];
const from =
  (file: string) =>
  (test: string): Place => [file, test];
const server = from("test/lab/failure.test.ts");
const prepared = from("test/lab/prepare.test.ts");
const password = from("test/lab/bootstrap.test.ts");
const line = from("test/remote/ssh.test.ts");
const ssm = from("test/remote/ssm.test.ts");
const run = from("test/lab/run.test.ts");
const plan = from("test/e2e/plan.test.ts");
const turn = from("test/domain/rollout.test.ts");

/**
 * Where each failure is made to happen: on a server with its own Docker and sshd, by a real sshd, by the local SSM; those that the service
 * itself finds, by the domain over the table.
 */
export const real: Readonly<Record<FailureClass, Place>> = {
  unreachable: ["test/remote/hostile-server.test.ts", "what answers the port and $name is given up"],
  refused: line("where nothing listens is refused"),
  timeout: server("a service that is not done when the time of its run is over"),
  dropped: run("whose SSH session is killed goes on"),
  "auth.failed": line("that does not know the key says so"),
  "password.wrong": password("that is wrong is tried once and locks nobody out"),
  "password.refused": password("is not sent where the server lets nobody in by password"),
  "password.more": password("that has to be changed first is told apart"),
  "key.failed": password("of a user whose folder cannot be written is not a wrong one"),
  "hostkey.changed": line("that shows another key than the pinned one stops everything before a credential is sent"),
  "address.unknown": ["test/domain/names.test.ts", "a server whose name nobody answers for is refused by our own deadline"],
  "address.refused": ["test/remote/address.test.ts", "one address of a name that may not be reached spoils the others"],
  "role.denied": ssm("a role that is not given"),
  "agent.missing": ssm("a server that AWS does not know"),
  "agent.silent": ssm("one that it has lost"),
  "aws.throttled": ["test/remote/run-command.test.ts", "but not for longer than there is"],
  "ssm.too_much": ssm("more than a run may send by commands is refused before any of it is sent"),
  "docker.missing": server("is told by its class, by a check too"),
  "docker.down": server("is told by its class, by a check too"),
  "docker.denied": ["test/lab/server-kinds.test.ts", "a user without root has everything in a folder of their own"],
  "sudo.password": prepared("or whose sudo wants a password"),
  "root.needed": prepared("is prepared by a user with sudo, and not by one without"),
  "docker.unpackaged": prepared("gets Docker and Compose from its distribution, or nothing where that has not both"),
  "install.failed": prepared("gets Docker and Compose from its distribution, or nothing where that has not both"),
  "passwords.stay": prepared("whose configuration says otherwise before it reads ours"),
  "compose.missing": server("is told by its class, by a check too"),
  "tool.missing": server("is told by its class, by a check too"),
  "folder.denied": server("a folder of Berth's %s"),
  "disk.full": server("a folder of Berth's %s"),
  "files.failed": server("a folder of Berth's %s"),
  busy: run("keeps another job out meanwhile"),
  interrupted: run("that the server's end interrupts says so"),
  fence: run("whose SSH session is killed goes on; who attaches sees the rest"),
  untrusted: [
    "test/api/target-checks.test.ts",
    "a key that the server shows between the look and its confirmation is not confirmed unseen",
  ],
  "password.used": ["test/api/bootstrap.test.ts", "a worker that dies with the password leaves none"],
  "key.ignored": ["test/api/bootstrap.test.ts", "a key that was let in and is not accepted is a failure of its own"],
  "target.not_found": turn("a deploy to a server that was removed meanwhile has failed there"),
  "registry.removed": ["test/api/registries.test.ts", "one of a login that was replaced says nothing of the new one"],
  "plan.stale": plan("that no longer holds is not applied, and nothing is done"),
  "plan.failed": [
    "test/api/planned-deployments.test.ts",
    "a deployment whose server reports too much, or what cannot be read, is never made unplanned",
  ],
  "data.at_risk": plan("access that the policy denies, and data at risk, fail before anything is done"),
  "policy.denied": plan("access that the policy denies, and data at risk, fail before anything is done"),
  "compose.invalid": server("a file that Compose does not accept"),
  "compose.conflict": [
    "test/api/addons-deployed.test.ts",
    "what of the project is in the way of an add-on is named by the deployment, which does nothing",
  ],
  "upgrade.failed": [
    "test/e2e/addon-upgrade.test.ts",
    "what cannot be dumped, what cannot be loaded, and what arrives otherwise than it was leave the old version serving",
  ],
  "role.open": ssm("a role that asks for no external id is not used"),
  "files.conflict": ["test/lab/files.test.ts", "a container that plants links and Compose files in the app's folder"],
  "arch.mismatch": server("an image for another processor"),
  "archive.gone": [
    "test/lab/builds.test.ts",
    "an archive that is no longer kept, or is another than its name says, begins nothing",
  ],
  "not.begun": ["test/e2e/build-on.test.ts", "is not begun on the other where the build fails"],
  "build.failed": ["test/lab/builds.test.ts", "a build that fails stops nothing, and says what the command said"],
  "image.not_found": server("an image that does not exist in a registry that answers"),
  "image.gone": ["test/lab/pins.test.ts", "one that is in no registry any more is said to be gone"],
  "registry.unavailable": server("a registry that does not answer"),
  "registry.denied": ["test/lab/logins.test.ts", "no login, a wrong password and an image that is not there are told apart"],
  "registry.untrusted": server("a registry %s"),
  "port.taken": server("a port that a program has, found before anything is stopped"),
  "name.taken": server("a port and a name that another app's container has"),
  "network.missing": server("an external %s that is not there"),
  "volume.missing": server("an external %s that is not there"),
  "mount.missing": server("a folder to mount that is not there"),
  "start.failed": server("a container that ends at once"),
  unhealthy: ["test/lab/deploy.test.ts", "after one that never becomes healthy; the verdict says what and why"],
  conflict: ["test/lab/report.test.ts", "another app's folder is not looked into"],
  "billing.required": turn("a deploy accepted while active does not start once %s"),
  "billing.grace": turn("a deploy accepted while active does not start once %s"),
  "billing.restricted": turn("whose server asks whether it may begin %s"),
  "billing.hold": turn("a deploy accepted while active does not start once %s"),
  canceled: run("that is canceled puts the previous release back and says so"),
  overdue: turn("a job nobody could finish in its life is ended, once, and its claims are free"),
  internal: ["test/remote/events.test.ts", "a failure has everything the server said of it, and nothing it may not say"],
};
