/**
 * Images of add-ons with what their makers' do: the same variables, folders and commands, made from Debian's packages and kept for the next
 * lab. The first time takes one to three minutes for each.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { installDeps } from "./deps.ts";
import type { Image } from "./image.ts";

const cache = "/var/cache/berth-lab";
const script = fileURLToPath(new URL("./debian-image.sh", import.meta.url));

async function debianImage(
  name: string,
  suite: "bookworm" | "trixie",
  packages: string,
  own: Omit<Image, "base" | "files" | "entrypoint"> & { entrypoint: string },
): Promise<Image> {
  installDeps(["mmdebstrap"]);
  const recipe = createHash("sha256").update(readFileSync(script)).update(packages).digest("hex").slice(0, 12);
  const file = `${cache}/image-${name}-${recipe}.tar.gz`;
  await promisify(execFile)("bash", [script, file, suite, packages], { maxBuffer: 16 << 20 });
  const { entrypoint, ...rest } = own;
  return {
    ...rest,
    base: { file, hash: readFileSync(`${file}.hash`, "utf8").trim() },
    files: [{ path: "usr/local/bin/docker-entrypoint.sh", content: entrypoint }],
    entrypoint: ["/usr/local/bin/docker-entrypoint.sh"],
  };
}

/** `postgres:17`, or another that Debian has. */
export const postgresImage = (version: "15" | "17" = "17"): Promise<Image> =>
  debianImage(`postgres-${version}`, version === "15" ? "bookworm" : "trixie", `postgresql-${version}`, {
    entrypoint: `#!/bin/sh
set -e
export PATH=/usr/lib/postgresql/${version}/bin:$PATH
case $1 in -*) set -- postgres "$@" ;; postgres) ;; *) exec "$@" ;; esac
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres "$PGDATA" /run/postgresql
  chmod 700 "$PGDATA"
  export POSTGRES_PASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
  exec setpriv --reuid postgres --regid postgres --clear-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password
  initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-host=scram-sha-256 --auth-local=trust
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w -o '-c listen_addresses=' start
  createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl -w stop
fi
unset POSTGRES_PASSWORD
exec "$@" -c 'listen_addresses=*'
`,
    env: {
      PATH: `/usr/lib/postgresql/${version}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`,
      PGDATA: "/var/lib/postgresql/data",
      LANG: "C.UTF-8",
    },
    command: ["postgres"],
    stopSignal: "SIGINT",
    volumes: ["/var/lib/postgresql/data"],
  });

/** `mariadb:11.8`, or another that Debian has. */
export const mariadbImage = (version: "10.11" | "11.8" = "11.8"): Promise<Image> =>
  debianImage(`mariadb-${version}`, version === "10.11" ? "bookworm" : "trixie", "mariadb-server", {
    entrypoint: `#!/bin/sh
set -e
case $1 in -*) set -- mariadbd "$@" ;; mariadbd) ;; *) exec "$@" ;; esac
data=/var/lib/mysql
mkdir -p "$data" /run/mysqld
chown -R mysql "$data" /run/mysqld
if [ ! -d "$data/mysql" ]; then
  mariadb-install-db --user=mysql --datadir="$data" --skip-test-db >/dev/null
  mariadbd --user=mysql --bootstrap <<EOF
FLUSH PRIVILEGES;
CREATE DATABASE $MARIADB_DATABASE;
CREATE USER '$MARIADB_USER'@'%' IDENTIFIED BY '$(cat "$MARIADB_PASSWORD_FILE")';
GRANT ALL ON $MARIADB_DATABASE.* TO '$MARIADB_USER'@'%';
ALTER USER root@localhost IDENTIFIED BY '$(cat "$MARIADB_ROOT_PASSWORD_FILE")';
EOF
fi
exec "$@" --user=mysql --bind-address=0.0.0.0
`,
    env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" },
    command: ["mariadbd"],
    volumes: ["/var/lib/mysql"],
  });

/** `nats:2.10-alpine`, and a client by `nc`. */
export const natsImage = (): Promise<Image> =>
  debianImage("nats-2.10", "trixie", "nats-server,wget,netcat-openbsd", {
    entrypoint: '#!/bin/sh\nexec "$@"\n',
    env: { PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" },
    command: ["nats-server"],
  });
