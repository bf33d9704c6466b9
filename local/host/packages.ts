interface Package {
  /** What needs it. */
  reason: string;
  /** A file it brings, as a name to find on PATH or a full path. It will do from wherever it came. */
  brings: string;
  /** Services it starts and enables, which we run by ourselves or not at all. */
  services?: readonly string[];
}

/** Every Debian package that the project may ask for, and why. */
export const packages = {
  "etcd-server": { reason: "the cluster's database", brings: "etcd", services: ["etcd"] },
  containerd: { reason: "runs the node's containers", brings: "containerd", services: ["containerd"] },
  runc: { reason: "starts a container for containerd and buildah", brings: "runc" },
  "containernetworking-plugins": { reason: "the pods' network", brings: "/usr/lib/cni/bridge" },
  iproute2: { reason: "the link between the host and the node", brings: "ip" },
  iptables: { reason: "Services, by kube-proxy; NetworkPolicies, by kube-router", brings: "iptables" },
  ipset: { reason: "the addresses in NetworkPolicies, for kube-router", brings: "ipset" },
  conntrack: { reason: "kube-proxy drops stale connections with it", brings: "conntrack" },
  kmod: { reason: "kube-proxy asks which kernel modules are there", brings: "modprobe" },
  mount: { reason: "the node's volumes", brings: "mount" },
  "util-linux": { reason: "namespaces and file locks", brings: "flock" },
  xfsprogs: { reason: "volumes of an enforced size", brings: "mkfs.xfs" },
  procps: { reason: "names who holds a port", brings: "ps" },
  debootstrap: { reason: "the base of all images, made from Debian's packages", brings: "debootstrap" },
  buildah: { reason: "builds images from a Containerfile", brings: "buildah" },
  "ca-certificates": { reason: "registries are reached through TLS", brings: "update-ca-certificates" },
  openssl: { reason: "the tests judge certificates with it", brings: "openssl" },
  "openssh-client": { reason: "the tests judge keys with it", brings: "ssh-keygen" },
  "libnss3-tools": { reason: "puts an authority into a browser's store", brings: "certutil" },
  chromium: { reason: "the browser tests", brings: "chromium" },
  gcc: { reason: "builds Authelia, part of which is C", brings: "gcc" },
  "libc6-dev": { reason: "what gcc builds against", brings: "/usr/include/stdio.h" },
  "postgresql-15": {
    reason: "the tests' Postgres",
    brings: "/usr/lib/postgresql/15/bin/postgres",
    // The one that Debian makes, not another version's that may be somebody's.
    services: ["postgresql@15-main"],
  },
  "redis-server": {
    reason: "the tests' Redis",
    brings: "redis-server",
    services: ["redis-server"],
  },
  prometheus: {
    reason: "the tests judge rules with its promtool",
    brings: "promtool",
    services: ["prometheus"],
  },
  "prometheus-alertmanager": {
    reason: "the tests judge Alertmanager's configuration with its amtool",
    brings: "amtool",
    services: ["prometheus-alertmanager"],
  },
  slapd: { reason: "the tests' directory of people", brings: "/usr/sbin/slapd", services: ["slapd"] },
  "ldap-utils": { reason: "the tests change that directory with it", brings: "ldapmodify" },
} as const satisfies Record<string, Package>;

export type PackageName = keyof typeof packages;

const table: Readonly<Record<PackageName, Package>> = packages;

/** What the embedded cluster needs on the host. */
export const clusterPackages = [
  "etcd-server",
  "containerd",
  "runc",
  "containernetworking-plugins",
  "iproute2",
  "iptables",
  "ipset",
  "conntrack",
  "kmod",
  "mount",
  "util-linux",
  "xfsprogs",
] as const satisfies readonly PackageName[];

/** What building Authelia needs. */
export const autheliaPackages = ["gcc", "libc6-dev"] as const satisfies readonly PackageName[];

/** What building the images needs. */
export const imagePackages = [
  "debootstrap",
  "buildah",
  "runc",
  "ca-certificates",
] as const satisfies readonly PackageName[];

/** What the tests need on top. */
export const testPackages = [
  "chromium",
  "libnss3-tools",
  "openssh-client",
  "openssl",
  ...autheliaPackages,
  "postgresql-15",
  "redis-server",
  "prometheus",
  "prometheus-alertmanager",
  "slapd",
  "ldap-utils",
] as const satisfies readonly PackageName[];

export function describePackage(name: PackageName): Package {
  return table[name];
}
