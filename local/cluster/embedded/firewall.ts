import { addressFolder, inside } from "./instance";
import { podNetwork } from "./network";

const fresh = "-m conntrack ! --ctstate ESTABLISHED,RELATED";

/**
 * The node's firewall before anything runs in it, as iptables-restore reads it: no pod is known yet, so none reaches
 * anything or is reached but by the node itself. local/toolchain/kube-router makes them known, each once its
 * NetworkPolicies are in force. Without it they stay as they are: those it knew keep their rules, new ones are shut.
 *
 * The table `security` comes after `filter`, where kube-router and kube-proxy write. A packet that is dropped at a
 * pod's start is sent again, which a refused one would not be.
 */
export const firewall = `*security
:KNOWN-FROM -
:KNOWN-TO -
-A INPUT -s ${podNetwork} ${fresh} -j KNOWN-FROM
-A FORWARD -s ${podNetwork} ${fresh} -j KNOWN-FROM
-A FORWARD -d ${podNetwork} ${fresh} -j KNOWN-TO
-A KNOWN-FROM -j DROP
-A KNOWN-TO -j DROP
COMMIT
`;

/** Commands that shut the node's network, to be run before its components. */
export const shut: string[][] = [
  ["iptables-restore", "--wait", "--noflush", `${inside}/firewall`],
  // All interfaces have link-local addresses otherwise, by which a pod reaches the node beside the rules for IPv4.
  [
    "sh",
    "-c",
    'for each in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e "$each" ] || echo 1 >"$each"; done',
  ],
  // The API server tells of the last run's pods until kubelet has looked. Who got the address of one would pass for
  // it, so the count goes on where it was, and comes round after 65 000 pods.
  ["find", addressFolder, "-type", "f", "!", "-name", "last_reserved_ip.*", "-delete"],
];
