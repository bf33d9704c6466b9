import { addressFolder, inside, type Instance } from "./instance";
import { firewall } from "./firewall";
import { dnsService, podNetwork, type Link } from "./network";

/** Files of the node which say how its components behave, by their names in the instance's folder. */
export function configFiles(
  it: Instance,
  link: Link,
  pauseImage: string,
  encryptionKey: string,
): Record<string, string> {
  return {
    "kubelet.json": JSON.stringify(kubelet(link), null, 2),
    "kube-proxy.json": JSON.stringify(kubeProxy(it), null, 2),
    "encryption.json": JSON.stringify(encryption(encryptionKey), null, 2),
    "containerd.toml": containerd(pauseImage),
    firewall,
    "cni/10-pods.conflist": JSON.stringify(podInterfaces, null, 2),
  };
}

function kubelet(link: Link): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${inside}/pki/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    readOnlyPort: 0,
    tlsCertFile: `${inside}/pki/kubelet-server.crt`,
    tlsPrivateKeyFile: `${inside}/pki/kubelet-server.key`,
    clusterDomain: "cluster.local",
    clusterDNS: [dnsService],
    resolvConf: `${inside}/resolv.conf`,
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${link.name}`,
    failCgroupV1: false,
    failSwapOn: false,
    // No CAP_SYS_RESOURCE is needed this way: negative scores and higher limits ask for it.
    oomScoreAdj: 0,
    maxOpenFiles: 0,
    maxPods: 250,
    podPidsLimit: 4096,
    // A mounted Secret is seen changed within seconds, so that a new user can sign in at once.
    syncFrequency: "10s",
    serializeImagePulls: false,
    volumePluginDir: "/run/kubelet-plugins",
    // Images were put here by hand and cannot be pulled again: a full disk must not remove them, and a disk
    // that is mostly full of other things must not end workspaces. What is left free counts, not the share.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "500Mi",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "500Mi",
    },
  };
}

function kubeProxy(it: Instance): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    clientConnection: { kubeconfig: `${inside}/kube-proxy.kubeconfig` },
    hostnameOverride: it.node,
    clusterCIDR: podNetwork,
    mode: "iptables",
    oomScoreAdj: 0,
    nodePortAddresses: ["primary"],
    iptables: { localhostNodePorts: false },
    // The table of connections is the host's; its limits are not ours to set.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  };
}

/** Secrets are unreadable in the database's files; the first provider writes, `identity` reads older ones. */
function encryption(secret: string): object {
  return {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [{ secretbox: { keys: [{ name: "1", secret }] } }, { identity: {} }],
      },
    ],
  };
}

/**
 * Pods get a routed interface of their own. A bridge would let a pod's answer to its neighbour pass by the
 * rules that turn it back into a Service's, unless the kernel has br_netfilter.
 */
const podInterfaces = {
  cniVersion: "1.0.0",
  name: "pods",
  plugins: [
    {
      type: "ptp",
      ipMasq: false,
      mtu: 0,
      ipam: {
        type: "host-local",
        dataDir: addressFolder,
        ranges: [[{ subnet: podNetwork }]],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

function containerd(pauseImage: string): string {
  return `version = 2
root = "${inside}/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
address = "/run/containerd/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
path = "/run/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "${pauseImage}"
disable_apparmor = true
disable_hugetlb_controller = true
restrict_oom_score_adj = true
tolerate_missing_hugetlb_controller = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${inside}/cni"
`;
}
