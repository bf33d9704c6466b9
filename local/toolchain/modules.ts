import * as path from "node:path";
import { checkout } from "../paths";

/** Finds the version that a module's go.mod pins: `v1.36.3`. */
export type Version = (modulePath: string) => string;

export interface Module {
  /** Flags of Go's linker. Versions come from go.mod, so that they are written once. */
  ldflags: (version: Version) => string;
  /** Added to the environment of `go`, where a module needs another one: `GONOSUMDB`, `CGO_ENABLED`. */
  env?: Readonly<Record<string, string>>;
}

const plain: Module = { ldflags: () => "-s -w" };

/**
 * The programs we build from source, a Go module each: `local/toolchain/<name>/go.mod` pins them by `tool`
 * directives, and packages named `main` inside the folder are built with them.
 */
const table = {
  pulumi: {
    ldflags: (version) =>
      `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${version("github.com/pulumi/pulumi/pkg/v3")}`,
  },
  kubernetes: {
    ldflags: (version) => {
      const full = version("k8s.io/kubernetes");
      const [major = "", minor = ""] = full.slice(1).split(".");
      const set = "-X k8s.io/component-base/version";
      return `-s -w ${set}.gitVersion=${full} ${set}.gitMajor=${major} ${set}.gitMinor=${minor}`;
    },
  },
  coredns: plain,
  traefik: {
    ldflags: (version) =>
      `-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=${version("github.com/traefik/traefik/v3")}`,
  },
  // The checksum database lacks it; go.sum pins it all the same.
  "kube-router": { ...plain, env: { GONOSUMDB: "github.com/cloudnativelabs/kube-router" } },
  // Plays nodes for the real scheduler. Tests alone use it.
  kwok: plain,
  // The real sign-in, and its second kind. Tests alone use them. Authelia's SQLite is C: static all the same,
  // for an image of nothing else.
  authelia: {
    ldflags: (version) => {
      const set = "github.com/authelia/authelia/v4/internal/utils";
      const tag = version("github.com/authelia/authelia/v4");
      return `-s -w -linkmode external -extldflags -static -X ${set}.BuildTag=${tag} -X '${set}.BuildState=tagged clean'`;
    },
    env: { CGO_ENABLED: "1", GOFLAGS: "-buildvcs=false -tags=osusergo,netgo,sqlite_omit_load_extension" },
  },
  "oauth2-proxy": {
    ldflags: (version) => `-s -w -X main.VERSION=${version("github.com/oauth2-proxy/oauth2-proxy/v7")}`,
  },
  // Counts what the API server holds, for Prometheus. The newest whose module can be had.
  "kube-state-metrics": {
    ldflags: (version) =>
      `-s -w -X github.com/prometheus/common/version.Version=${version("k8s.io/kube-state-metrics/v2")}`,
  },
  // Debian's finds nothing by Kubernetes. This one has that way to find things and no other: they would be most of it.
  prometheus: {
    ldflags: (version) =>
      // The module of release 3.x.y is v0.3xx.y.
      `-s -w -X github.com/prometheus/common/version.Version=${version("github.com/prometheus/prometheus").replace(/^v0\.(\d)0*(\d+)\./, "$1.$2.")}`,
    env: { GOFLAGS: "-buildvcs=false -tags=netgo,remove_all_sd,enable_kubernetes_sd" },
  },
  // Judges the workflows of .github. Tests alone use it.
  actionlint: plain,
  supervise: plain,
  pause: plain,
} satisfies Record<string, Module>;

export type ModuleName = keyof typeof table;

export const modules: Readonly<Record<ModuleName, Module>> = table;

/** Where a module's go.mod lies. */
export function moduleFolder(name: ModuleName): string {
  return path.join(checkout, "local", "toolchain", name);
}
