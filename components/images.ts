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
} as const;
