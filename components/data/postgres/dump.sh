#!/bin/sh
# Dumps $PGDATABASE into the folder $DUMPS, then removes the dumps that are older than $KEEP_DAYS days: only once a
# new one is complete, and never that one. Ends with another code than 0 whenever there is no new dump.
set -eu
umask 077
cd "$DUMPS"

# No two run at once, so whatever is unfinished was cut off.
rm -f -- *.part
trap 'rm -f -- *.part' EXIT

# The rules that let a new pod through reach its node some seconds after the pod.
tries=60
until pg_isready --quiet; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "no dump: $PGHOST does not answer" >&2
    exit 1
  fi
  sleep 1
done

name="$PGDATABASE-$(date -u +%Y%m%dT%H%M%SZ).dump"
# It is on disk when pg_dump ends: without --no-sync it waits for that.
pg_dump --format=custom --no-password --file="$name.part"
# Reads all of it, where --list would read the table of contents alone.
pg_restore --file=/dev/null "$name.part"
mv -- "$name.part" "$name"
sync .

find . -maxdepth 1 -type f -name '*.dump' ! -name "$name" -mmin "+$((KEEP_DAYS * 24 * 60))" -delete
echo "wrote $name, $(wc -c <"$name") bytes; $(find . -maxdepth 1 -name '*.dump' | wc -l) dumps are kept"
