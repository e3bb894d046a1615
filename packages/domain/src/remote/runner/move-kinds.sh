# How the data of each kind of add-on is taken over. Constant texts for a shell in its container, which is given the add-on's name.

# Of $kind: $mode (dump, or copy of the files), $data (where they are), $count, $dump and $load.
kind_of_data() {
  dump='' load=''
  case $kind in
    postgres) postgres_data ;;
    mariadb) mariadb_data ;;
    redis) redis_data ;;
    nats) nats_data ;;
    *) return 1 ;;
  esac
}

# Each role, extension, table, index and sequence of each database by its name, and how many rows each table has. The role `app` is there
# before the dump is loaded, which makes it too.
postgres_data() {
  mode=dump data=/var/lib/postgresql
  count=$(
    cat <<'END'
set -e
ask() { psql -XAtq -v ON_ERROR_STOP=1 -U app; }
export PGDATABASE=postgres
ask <<'SQL'
SELECT 'role ' || quote_ident(rolname) FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C";
SQL
echo "SELECT datname FROM pg_database WHERE datallowconn AND datname <> 'template1' ORDER BY datname COLLATE \"C\"" | ask |
  while IFS= read -r PGDATABASE; do
    printf 'database %s\n' "$PGDATABASE"
    ask <<'SQL' || exit 1
SELECT 'extension ' || quote_ident(extname) FROM pg_extension ORDER BY extname COLLATE "C";
SELECT format('%s %I.%I', c.relkind, n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY format('%I.%I', n.nspname, c.relname) COLLATE "C";
SELECT format('SELECT %L || count(*) FROM ONLY %I.%I', format('rows %I.%I ', n.nspname, c.relname), n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY format('%I.%I', n.nspname, c.relname) COLLATE "C" \gexec
SELECT format('sequence %I.%I %s', schemaname, sequencename, last_value) FROM pg_sequences
  ORDER BY format('%I.%I', schemaname, sequencename) COLLATE "C";
SELECT 'large objects ' || count(*) FROM pg_largeobject_metadata;
SQL
  done
END
  )
  dump='exec pg_dumpall -U app --quote-all-identifiers'
  load=$(
    cat <<'END'
psql -XAtq -v ON_ERROR_STOP=1 -U app -d postgres -c 'DROP DATABASE "app"' || exit 1
{
  while IFS= read -r line; do
    [ "$line" != 'CREATE ROLE "app";' ] || break
    printf '%s\n' "$line"
  done
  cat
} | psql -XAtq -v ON_ERROR_STOP=1 -U app -d postgres >/dev/null
END
  )
}

mariadb_data() {
  mode=dump data=/var/lib/mysql
  count=$(
    cat <<'END'
set -e
export MYSQL_PWD="$(cat "$MARIADB_ROOT_PASSWORD_FILE")"
query() { mariadb -u root -N -B --default-character-set=utf8mb4 "$@"; }
query <<SQL
SELECT 'database', schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY BINARY schema_name;
SELECT 'user', user, host FROM mysql.user WHERE user NOT IN ('', 'PUBLIC') ORDER BY BINARY user, BINARY host;
SELECT table_type, table_schema, table_name FROM information_schema.tables WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY BINARY table_schema, BINARY table_name;
SELECT routine_type, routine_schema, routine_name FROM information_schema.routines WHERE routine_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY BINARY routine_schema, BINARY routine_name;
SELECT 'trigger', trigger_schema, trigger_name FROM information_schema.triggers WHERE trigger_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY BINARY trigger_schema, BINARY trigger_name;
SELECT 'event', event_schema, event_name FROM information_schema.events WHERE event_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY BINARY event_schema, BINARY event_name;
SQL
query --raw <<SQL | query
SELECT CONCAT('SELECT ', QUOTE(CONCAT('rows ', table_schema, '.', table_name)), ', COUNT(*) FROM \`',
  REPLACE(table_schema, '\`', '\`\`'), '\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`;')
  FROM information_schema.tables WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') AND table_type = 'BASE TABLE' ORDER BY BINARY table_schema, BINARY table_name;
SQL
END
  )
  dump=$(
    cat <<'END'
set -e
export MYSQL_PWD="$(cat "$MARIADB_ROOT_PASSWORD_FILE")"
mariadb -u root -N -B --raw -e 'SHOW DATABASES' | grep -vxE 'mysql|information_schema|performance_schema|sys' | tr '\n' '\0' |
  xargs -0 mariadb-dump -u root --default-character-set=utf8mb4 --single-transaction --routines --events --triggers --hex-blob --databases --
exec mariadb-dump -u root --system=users --insert-ignore
END
  )
  load=$(
    cat <<'END'
export MYSQL_PWD="$(cat "$MARIADB_ROOT_PASSWORD_FILE")"
exec mariadb -u root --default-character-set=utf8mb4
END
  )
}

# Keys that end by themselves are not counted: some may end meanwhile.
redis_data() {
  mode=copy data=/data
  count=$(
    cat <<'END'
set -e
export REDISCLI_AUTH="$(cat "/run/secrets/$1")"
found="$(redis-cli INFO keyspace)"
printf '%s\n' "$found" | tr -d '\r' | sed -n 's/^\(db[0-9]*\):keys=\([0-9]*\),expires=\([0-9]*\).*/\1 \2 \3/p' |
  while read -r database keys ending; do [ "$keys" -eq "$ending" ] || echo "$database $((keys - ending))"; done
redis-cli FUNCTION LIST | grep -c library_name || :
END
  )
}

# Messages may end by themselves too.
nats_data() {
  mode=copy data=/data
  count=$(
    cat <<'END'
set -e
found="$(wget -q -O - http://127.0.0.1:8222/jsz)"
printf '%s\n' "$found" | tr ',' '\n' | grep -E '"(streams|consumers)":' | tr -d ' ,{'
END
  )
}
