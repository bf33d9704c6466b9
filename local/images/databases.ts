import type { DebianImage } from "./debian";

/**
 * What the official images promise, in one image: Postgres's programs and `valkey-*` on PATH, the user 999 that is
 * `postgres`, a shell with coreutils and findutils, SIGINT as the signal to stop. Debian's versions are older: 15 for
 * 17, and Redis 7.0 for Valkey 9.
 */
export const databases: DebianImage = {
  inputs: [],
  containerfile: (base) => `
FROM ${base}
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid 999 --home-dir /var/lib/postgresql postgres
RUN apt-get update \\
 && apt-get install -y --no-install-recommends postgresql-common \\
 && sed -i 's/^#* *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \\
 && apt-get install -y --no-install-recommends postgresql-15 redis-server \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/* \\
 && ln -s /usr/bin/redis-server /usr/local/bin/valkey-server \\
 && ln -s /usr/bin/redis-cli /usr/local/bin/valkey-cli
ENV PATH=/usr/local/bin:/usr/bin:/bin:/usr/lib/postgresql/15/bin
STOPSIGNAL SIGINT
`,
};
