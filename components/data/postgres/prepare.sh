#!/bin/sh
# Runs before the server, at every start: makes the data folder where there is none, and the role and the database
# $POSTGRES_DB where they are missing, and gives the role the password in $POSTGRES_PASSWORD_FILE. So a rotated
# password, or one made anew for a volume that was kept, is the database's own before anybody can ask.
set -eu

# Elsewhere first: half a folder, cut off, would look like a whole one.
if [ ! -e "$PGDATA" ]; then
  rm -rf "$PGDATA.new"
  # C.UTF-8 sorts by code point: no update of the image's libc can put an index out of order.
  initdb --pgdata="$PGDATA.new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
    --auth-local=peer --auth-host=reject
  mv "$PGDATA.new" "$PGDATA"
  sync "$(dirname "$PGDATA")"
fi
# Postgres refuses a folder that its group may write to, which a storage driver's care for the group may bring about.
chmod 0700 "$PGDATA"

# Without an address, so that only this script can ask; a statement with a password in it is never logged.
trap 'pg_ctl --pgdata="$PGDATA" --mode=immediate --silent stop' EXIT
# One line: pg_ctl gives it to a shell, for which a second would be another command.
options="-c config_file=/etc/postgresql/postgresql.conf -c listen_addresses= -c log_min_error_statement=panic"
pg_ctl --pgdata="$PGDATA" --wait --timeout=900 --silent --options="$options" start

psql --username=postgres --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=role="$POSTGRES_DB" <<'SQL'
\set password `cat "$POSTGRES_PASSWORD_FILE"`
SELECT format('CREATE ROLE %I', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'role', :'role')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'role') \gexec
SQL

# A role that sees figures of the server and no row of anybody's, where somebody wants them.
if [ -n "${MONITOR_PASSWORD_FILE:-}" ]; then
  psql --username=postgres --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'
\set password `cat "$MONITOR_PASSWORD_FILE"`
SELECT 'CREATE ROLE monitor' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'monitor') \gexec
ALTER ROLE monitor LOGIN CONNECTION LIMIT 5 PASSWORD :'password';
GRANT pg_monitor TO monitor;
SQL
else
  psql --username=postgres --dbname=postgres --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'
SELECT 'ALTER ROLE monitor NOLOGIN' WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = 'monitor') \gexec
SQL
fi

trap - EXIT
pg_ctl --pgdata="$PGDATA" --wait --timeout=300 --mode=fast --silent stop
