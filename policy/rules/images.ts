import { z } from "zod";

import { imagesOf } from "../image";
import { resourceRule } from "../rule";

const mend = "name another in vibecode:images of the stack's file";

export const imagePinned = resourceRule({
  name: "image-pinned",
  description:
    "No image is named by a tag that moves; where the config says so, every image has its digest. Of a Helm release, the images in its values.",
  why: "`latest` is another program tomorrow: pods of one Deployment would differ, and nobody could go back.",
  level: "mandatory",
  settings: z.object({
    digest: z
      .boolean()
      .default(false)
      .describe("Every image must be named by digest; for stacks whose images come from a registry"),
  }),
  *check(object, { digest }) {
    for (const { place, text, tag, digest: pinned, chart } of imagesOf(object)) {
      if (tag === "latest" || (tag === undefined && pinned === undefined && !chart))
        yield { place, says: `is "${text}", which moves`, mend };
      else if (digest && pinned === undefined)
        yield {
          place,
          says: `is "${text}", which has no digest`,
          mend: `add @sha256:... to it in vibecode:images of the stack's file`,
        };
    }
  },
});

/** Prefixes of the platform's own images, and of those that a machine builds for itself. */
const ownRegistries = [
  "docker.io/authelia/",
  "docker.io/grafana/",
  "docker.io/library/postgres",
  "docker.io/library/traefik",
  "docker.io/oliver006/",
  "docker.io/valkey/",
  "localhost/",
  "quay.io/jetstack/",
  "quay.io/oauth2-proxy/",
  "quay.io/prometheus/",
  "quay.io/prometheuscommunity/",
  "registry.k8s.io/external-dns/",
  "registry.k8s.io/kube-state-metrics/",
];

export const imageRegistry = resourceRule({
  name: "image-registry",
  description:
    "Every image comes from a registry that the stack trusts. Of a Helm release, the images in its values.",
  why: "An image is code that runs beside everybody's work; anybody can push to a public registry.",
  level: "mandatory",
  settings: z.object({
    registries: z
      .array(z.string().min(1))
      .default([...ownRegistries])
      .describe("What an image's full name must begin with, one of these: `registry.example.com/team/`"),
  }),
  *check(object, { registries }) {
    for (const { place, text, name } of imagesOf(object)) {
      if (name !== undefined && !registries.some((prefix) => isBelow(name, prefix)))
        yield {
          place,
          says: `is "${text}", from none of ${registries.join(", ")}`,
          mend: `${mend}, or allow its registry in the policy's config (image-registry.registries)`,
        };
    }
  },
});

/** A prefix ends where a part of the name ends: `docker.io/library/postgres` allows no `postgres-evil`. */
const isBelow = (name: string, prefix: string): boolean =>
  name === prefix || name.startsWith(prefix.endsWith("/") ? prefix : `${prefix}/`);
