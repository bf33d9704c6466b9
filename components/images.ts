/**
 * Images of the platform's own parts, in one place for updates and for mirrors. A stack's config can replace
 * each. The workspace's image has no default: it is built from `workspace-image/` and pushed by its owner.
 */
export const images = {
  traefik: "docker.io/library/traefik:v3.7.1",
} as const;
