/**
 * Images of the platform's own parts, in one place for updates and for mirrors; a stack's config can replace
 * each. The tag is for people, the digest is what is pulled. The workspace's image has no default: it is
 * built from `workspace-image/` and pushed by its owner.
 */
export const images = {
  traefik:
    "docker.io/library/traefik:v3.7.14@sha256:575fa15b135078fe5e50aa847987d96dbddd7b093c172429618404df73f3fa7c",
  authelia:
    "docker.io/authelia/authelia:4.39.24@sha256:8f428b06bb07bb978c10477527634f19ef3b049c9c87321fda14e24d8fc4c535",
  oauth2Proxy:
    "quay.io/oauth2-proxy/oauth2-proxy:v7.15.3@sha256:10a1165743a192e1940b4708fb9647027185ce11a681a1c5519b442ff7f1f561",
  // Debian's variant, whose user 999 is `postgres`.
  postgres:
    "docker.io/library/postgres:17.10-bookworm@sha256:9b18b78397054fce88a9552e9d5a3ad5bb7fd258c5b3cc1c5028e46373d6ea8f",
  valkey:
    "docker.io/valkey/valkey:9.1.1@sha256:70739f85ad2ee01a726a965584a0f94895f01b0c60b3cc8b0aeef11eaa6888cf",
  externalDns:
    "registry.k8s.io/external-dns/external-dns:v0.22.0@sha256:5fdcaf7deb5c158f93a1fc6fe169cdff4cfb9ae0172bee1a90ab0ef74fb9c9cf",
  prometheus:
    "quay.io/prometheus/prometheus:v3.13.2@sha256:508729e0e2d18e11fd742a5a5ca70e557b940a93948c3c95fd0123a6fd538b69",
  alertmanager:
    "quay.io/prometheus/alertmanager:v0.33.1@sha256:9e082985f56f4c8c9f724e18f2288c6708f472e56a5286b8863d080434ea065d",
  nodeExporter:
    "quay.io/prometheus/node-exporter:v1.11.1@sha256:0f422f62c15f154af8d8572b23d623aebfb10cec73a5c654d18f911f3f9df241",
  kubeStateMetrics:
    "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.19.1@sha256:85108987d044b18a098126732f98602df408888c0f7d456241f5abefb9744bc1",
  grafana:
    "docker.io/grafana/grafana:13.1.0@sha256:121a7a9ece6dc10b969f1f96eed64b4f07dfac0d0b8abc070f7cb83bbde86f63",
  postgresExporter:
    "quay.io/prometheuscommunity/postgres-exporter:v0.19.1@sha256:e96064f876226d94bb6ce48a4c4b3dd76edba91168ec1ab024e5c4b959310b0f",
  valkeyExporter:
    "docker.io/oliver006/redis_exporter:v1.86.0@sha256:2e9795be900db073e9475fdb9c5124db309b07a3e4e75a1770705cb03be1a1c8",
  // Of one release with the chart below.
  certManagerController:
    "quay.io/jetstack/cert-manager-controller:v1.21.2@sha256:70f532fd9cfde0b09d55687200942399d89838bc2d5d5b45152eb799a15912b8",
  certManagerWebhook:
    "quay.io/jetstack/cert-manager-webhook:v1.21.2@sha256:a60e2dac46dbb8a7f3df95c54ce941012f54c2fe022f0ee55aaa1ab40ed957ae",
  certManagerCainjector:
    "quay.io/jetstack/cert-manager-cainjector:v1.21.2@sha256:c85268c64f2e0e76684bf5fe8906caff34b82523561c6affe0fae3546bd87562",
  certManagerStartupapicheck:
    "quay.io/jetstack/cert-manager-startupapicheck:v1.21.2@sha256:46e75b6866359ffb5d82624f41e3ed1c70b2994982702ced547ce5edb418a8f5",
} as const;

/** Charts, where an operator brings kinds of its own. */
export const charts = {
  certManager: { reference: "oci://quay.io/jetstack/charts/cert-manager", version: "v1.21.2" },
  datadogOperator: { chart: "datadog-operator", repository: "https://helm.datadoghq.com", version: "2.30.0" },
} as const;

/**
 * An image of this list where a mirror has it, under the same path: `docker.io/library/traefik` becomes
 * `<mirror>/library/traefik`.
 */
export const mirrored = (mirror: string, image: string): string =>
  `${mirror}${image.slice(image.indexOf("/"))}`;
