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
} as const;

/**
 * An image of this list where a mirror has it, under the same path: `docker.io/library/traefik` becomes
 * `<mirror>/library/traefik`.
 */
export const mirrored = (mirror: string, image: string): string =>
  `${mirror}${image.slice(image.indexOf("/"))}`;
