/**
 * Images of the platform's own parts, in one place for updates and for mirrors; a stack's config can replace
 * each. The tag is for people, the digest is what is pulled. The workspace's image has no default: it is
 * built from `workspace-image/` and pushed by its owner.
 */
export const images = {
  traefik:
    "docker.io/library/traefik:v3.7.14@sha256:575fa15b135078fe5e50aa847987d96dbddd7b093c172429618404df73f3fa7c",
  // Debian's variant, whose user 999 is `postgres`.
  postgres: "docker.io/library/postgres:17.10-bookworm",
  valkey: "docker.io/valkey/valkey:9.1.1",
} as const;
