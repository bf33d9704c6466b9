import { autheliaPackages, type PackageName } from "./host";
import type { BuiltImage, ImageName } from "./images";
import { signInKind, type Platform } from "./platform";
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

/** What this machine builds for a stack. */
export function partsOf({ stack, cluster }: Platform): Parts {
  const more = cluster.kind === "embedded" ? signIn[signInKind(stack)] : undefined;
  return {
    packages: [...always.packages, ...(more?.packages ?? [])],
    tools: [...always.tools, ...(more?.tools ?? [])],
    images: [...always.images, ...(more?.images ?? [])],
  };
}

/** Names in `vibecode:images`, where they are not the image's own. */
const keys: Readonly<Record<string, readonly string[]>> = {
  "oauth2-proxy": ["oauth2Proxy"],
  databases: ["postgres", "valkey"],
};

/** The value of `vibecode:images` that names these images. */
export const imagesConfig = (images: Readonly<Record<string, Pick<BuiltImage, "ref">>>) =>
  Object.fromEntries(
    Object.entries(images).flatMap(([name, { ref }]) => (keys[name] ?? [name]).map((key) => [key, ref])),
  );
