import { autheliaPackages, type PackageName } from "./host";
import type { BuiltImage, ImageName } from "./images";
import { prometheusKind, signInKind, type Platform } from "./platform";
import type { ModuleName } from "./toolchain";

/** What this machine builds for a stack, besides the cluster. */
export interface Parts {
  packages: readonly PackageName[];
  tools: readonly ModuleName[];
  images: readonly ImageName[];
}

const always: Parts = { packages: [], tools: ["traefik"], images: ["workspace", "traefik"] };

/** The embedded cluster has no registry to ask, so sign-in and its stores are built too: stand-ins, docs/local.md. */
const signIn: Readonly<Record<string, Parts>> = {
  authelia: { packages: autheliaPackages, tools: ["authelia"], images: ["authelia", "databases"] },
  "oauth2-proxy": { packages: [], tools: ["oauth2-proxy"], images: ["oauth2-proxy", "databases"] },
};

/** As is what watches it, but Grafana, which no registry of packages has. */
const monitoring: Parts = {
  packages: [],
  tools: ["prometheus", "kube-state-metrics"],
  images: ["monitoring", "kube-state-metrics"],
};

/** What this machine builds for a stack. */
export function partsOf({ stack, cluster }: Platform): Parts {
  const own = signIn[signInKind(stack)];
  const all = [
    always,
    ...(cluster.kind === "embedded" && own !== undefined ? [own] : []),
    ...(cluster.kind === "embedded" && prometheusKind(stack) === "own" ? [monitoring] : []),
  ];
  return {
    packages: all.flatMap(({ packages }) => packages),
    tools: all.flatMap(({ tools }) => tools),
    images: all.flatMap(({ images }) => images),
  };
}

/** Names in `vibecode:images`, where they are not the image's own. */
const keys: Readonly<Record<string, readonly string[]>> = {
  "oauth2-proxy": ["oauth2Proxy"],
  databases: ["postgres", "valkey"],
  "kube-state-metrics": ["kubeStateMetrics"],
  monitoring: ["prometheus", "alertmanager", "nodeExporter", "postgresExporter", "valkeyExporter"],
};

/** The value of `vibecode:images` that names these images. */
export const imagesConfig = (images: Readonly<Record<string, Pick<BuiltImage, "ref">>>) =>
  Object.fromEntries(
    Object.entries(images).flatMap(([name, { ref }]) => (keys[name] ?? [name]).map((key) => [key, ref])),
  );
