import * as fs from "node:fs";
import * as path from "node:path";

import type { DebianImage } from "./debian";
import { fileKey } from "./key";

/**
 * Where the official images have these programs, as their pods name them, and where Debian puts them. `/bin` is
 * Debian's `/usr/bin`.
 */
const programs: Readonly<Record<string, string>> = {
  "/bin/alertmanager": "prometheus-alertmanager",
  "/bin/node_exporter": "prometheus-node-exporter",
  "/bin/postgres_exporter": "prometheus-postgres-exporter",
  "/redis_exporter": "prometheus-redis-exporter",
};

const packages = Object.values(programs);

/**
 * Prometheus, Alertmanager and the exporters in one image, for pods that name the program they run. Debian's versions
 * are older: 0.25 of Alertmanager. Of the packages there are the programs alone: no services that start while they are
 * installed, and no web pages, which Grafana has.
 *
 * @param prometheus the built one: Debian's is built without Kubernetes, by which ours finds what it asks
 */
export const monitoring = (prometheus: string): DebianImage => ({
  inputs: [fileKey(prometheus)],
  fill: (context) => {
    const program = path.join(context, "prometheus");
    fs.copyFileSync(prometheus, program);
    fs.chmodSync(program, 0o755);
    return Promise.resolve();
  },
  containerfile: (base) => `
FROM ${base} AS packages
WORKDIR /packages
RUN apt-get update \\
 && apt-get -o APT::Sandbox::User=root download ${packages.join(" ")} \\
 && for file in *.deb; do dpkg-deb --extract "$file" /unpacked || exit 1; done

FROM ${base}
COPY --from=packages /unpacked/usr/bin /usr/bin
# Alertmanager's own words, which the official one has within.
COPY --from=packages /unpacked/usr/share/prometheus/alertmanager/*.tmpl /usr/share/prometheus/alertmanager/
COPY prometheus /usr/bin/prometheus
RUN ${Object.entries(programs)
    .map(([path, name]) => `ln -s /usr/bin/${name} ${path}`)
    .join(" \\\n && ")}
USER 65534:65534
ENTRYPOINT ["/bin/prometheus"]
`,
});
