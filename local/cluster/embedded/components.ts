import { inside, type Instance } from "./instance";
import { podNetwork, serviceNetwork, type Link } from "./network";

/** One process of the node, as local/toolchain/supervise reads it. */
export interface NodeComponent {
  name: string;
  command: string[];
  /** Sockets that must answer before it is started. */
  after: string[];
}

const pki = `${inside}/pki`;
const api = "tcp:127.0.0.1:6443";
const containerd = "/run/containerd/containerd.sock";
const flags = (all: Record<string, string>): string[] =>
  Object.entries(all).map(([name, value]) => `--${name}=${value}`);

/** What runs in the node and how, in the order of a start. */
export function components(it: Instance, link: Link, bin: (tool: string) => string): NodeComponent[] {
  return [
    { name: "etcd", command: ["etcd", ...etcd()], after: [] },
    { name: "containerd", command: ["containerd", `--config=${inside}/containerd.toml`], after: [] },
    {
      name: "kube-apiserver",
      command: [bin("kube-apiserver"), ...apiserver(link)],
      after: ["tcp:127.0.0.1:2379"],
    },
    {
      name: "kube-controller-manager",
      command: [bin("kube-controller-manager"), ...controllerManager()],
      after: [api],
    },
    { name: "kube-scheduler", command: [bin("kube-scheduler"), ...scheduler()], after: [api] },
    {
      name: "storage",
      command: [bin("storage"), ...flags({ kubeconfig: `${inside}/storage.kubeconfig`, node: it.node })],
      after: [api],
    },
    {
      name: "kubelet",
      command: [bin("kubelet"), ...kubelet(it, link)],
      after: [api, `unix:${containerd}`],
    },
    {
      name: "kube-proxy",
      command: [bin("kube-proxy"), `--config=${inside}/kube-proxy.json`],
      after: [api],
    },
    {
      name: "kube-router",
      command: [bin("kube-router"), ...kubeRouter(it)],
      after: [api],
    },
  ];
}

function etcd(): string[] {
  const client = "https://127.0.0.1:2379";
  const peer = "https://127.0.0.1:2380";
  return flags({
    name: "node",
    "data-dir": `${inside}/etcd`,
    "listen-client-urls": client,
    "advertise-client-urls": client,
    "listen-peer-urls": peer,
    "initial-advertise-peer-urls": peer,
    "initial-cluster": `node=${peer}`,
    "client-cert-auth": "true",
    "trusted-ca-file": `${pki}/etcd-ca.crt`,
    "cert-file": `${pki}/etcd.crt`,
    "key-file": `${pki}/etcd.key`,
    "peer-client-cert-auth": "true",
    "peer-trusted-ca-file": `${pki}/etcd-ca.crt`,
    "peer-cert-file": `${pki}/etcd.crt`,
    "peer-key-file": `${pki}/etcd.key`,
    logger: "zap",
  });
}

function apiserver(link: Link): string[] {
  return flags({
    "advertise-address": link.node,
    "secure-port": "6443",
    "etcd-servers": "https://127.0.0.1:2379",
    "etcd-cafile": `${pki}/etcd-ca.crt`,
    "etcd-certfile": `${pki}/etcd-client.crt`,
    "etcd-keyfile": `${pki}/etcd-client.key`,
    "encryption-provider-config": `${inside}/encryption.json`,
    "client-ca-file": `${pki}/ca.crt`,
    "tls-cert-file": `${pki}/apiserver.crt`,
    "tls-private-key-file": `${pki}/apiserver.key`,
    "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
    "service-account-key-file": `${pki}/service-accounts.key`,
    "service-account-signing-key-file": `${pki}/service-accounts.key`,
    "service-cluster-ip-range": serviceNetwork,
    "kubelet-client-certificate": `${pki}/apiserver-kubelet-client.crt`,
    "kubelet-client-key": `${pki}/apiserver-kubelet-client.key`,
    "kubelet-certificate-authority": `${pki}/ca.crt`,
    "kubelet-preferred-address-types": "InternalIP",
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "allow-privileged": "true",
    profiling: "false",
  });
}

/** A component which asks the API server also who asks it. */
function asks(name: string): Record<string, string> {
  const file = `${inside}/${name}.kubeconfig`;
  return {
    kubeconfig: file,
    "authentication-kubeconfig": file,
    "authorization-kubeconfig": file,
    "authentication-tolerate-lookup-failure": "true",
    "bind-address": "127.0.0.1",
    // There is one of each, and a lease would make every start wait for the last one's end.
    "leader-elect": "false",
    profiling: "false",
  };
}

function controllerManager(): string[] {
  return flags({
    ...asks("controller-manager"),
    "root-ca-file": `${pki}/ca.crt`,
    "service-account-private-key-file": `${pki}/service-accounts.key`,
    "use-service-account-credentials": "true",
    "allocate-node-cidrs": "false",
    "cluster-cidr": podNetwork,
    // Namespaces go when their content is gone, looked after by workers of this number; 10 is slow for a team.
    "concurrent-namespace-syncs": "20",
    // What a quota has used is charged at the door and counted anew by this; a count taken from a list that is a
    // moment old overwrites the charge, and lasts until the next one. The default is 5 minutes.
    "resource-quota-sync-period": "15s",
  });
}

function scheduler(): string[] {
  return flags(asks("scheduler"));
}

function kubelet(it: Instance, link: Link): string[] {
  return flags({
    config: `${inside}/kubelet.json`,
    kubeconfig: `${inside}/kubelet.kubeconfig`,
    "hostname-override": it.node,
    "node-ip": link.node,
    "node-labels": "ingress-ready=true",
  });
}

function kubeRouter(it: Instance): string[] {
  return flags({
    kubeconfig: `${inside}/kube-router.kubeconfig`,
    "hostname-override": it.node,
    "service-cluster-ip-range": serviceNetwork,
    // Rules follow each change at once. What could not be written then is written now.
    "iptables-sync-period": "1m",
  });
}
