import { z } from "zod";

import { containersOf, kindOf, podOf, type Container } from "../kubernetes";
import type { Place } from "../place";
import { resourceRule, type Finding } from "../rule";

const allowedVolumes = [
  "configMap",
  "csi",
  "downwardAPI",
  "emptyDir",
  "ephemeral",
  "image",
  "persistentVolumeClaim",
  "projected",
  "secret",
];
const allowedSeccomp = ["RuntimeDefault", "Localhost"];
const allowedSelinux = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
const allowedSysctls = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ping_group_range",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_wmem",
];

const enforce = "pod-security.kubernetes.io/enforce";

/** What Kubernetes' own profile `restricted` refuses, found before the API server is asked. */
export const podSecurity = resourceRule({
  name: "pod-security",
  description: "Every pod keeps to pod security `restricted`, and every namespace enforces it.",
  why: "Whoever runs code in a pod that may become root, or shares something with its node, is one mistake away from the node and everybody else on it.",
  level: "mandatory",
  settings: z.object({}),
  *check(object) {
    if (kindOf(object.resource) === "Namespace") {
      const label = object.at("metadata", "labels", enforce);
      if (label.text !== "restricted")
        yield {
          place: label,
          says: "does not make the API server refuse other pods",
          mend: "give the namespace the labels of `restrictedNamespace` in components/security.ts",
        };
    }
    const pod = podOf(object);
    if (pod === undefined) return;
    yield* podWide(pod);
    for (const container of containersOf(pod)) yield* inContainer(pod, container);
  },
});

const spread = "give the pod `podSecurity` of components/security.ts";
const spreadContainer = "give the container `containerSecurity` of components/security.ts";

function* podWide(pod: Place): Iterable<Finding> {
  for (const key of ["hostNetwork", "hostPID", "hostIPC"]) {
    const place = pod.at("spec", key);
    if (place.value === true) yield { place, says: "shares the node's own", mend: "leave it out" };
  }
  for (const volume of pod.at("spec", "volumes").items) {
    for (const [kind, place] of volume.entries) {
      if (kind !== "name" && !allowedVolumes.includes(kind))
        yield {
          place,
          says: "is a volume of the node's or of a kind that is not looked after",
          mend: `use one of ${allowedVolumes.join(", ")}`,
        };
    }
  }
  for (const sysctl of pod.at("spec", "securityContext", "sysctls").items) {
    if (!allowedSysctls.includes(sysctl.at("name").text ?? ""))
      yield { place: sysctl, says: "changes a setting of the node's kernel", mend: "leave it out" };
  }
  yield* inContext(pod.at("spec", "securityContext"));
}

/** What both a pod's and a container's securityContext may say wrong. */
function* inContext(context: Place): Iterable<Finding> {
  const user = context.at("runAsUser");
  if (user.value === 0) yield { place: user, says: "is root", mend: "name another user" };
  const selinux = context.at("seLinuxOptions");
  const type = selinux.at("type").text ?? "";
  if (type !== "" && !allowedSelinux.includes(type))
    yield { place: selinux.at("type"), says: "is a free SELinux type", mend: "leave it out" };
  for (const key of ["user", "role"]) {
    if ((selinux.at(key).text ?? "") !== "")
      yield { place: selinux.at(key), says: "is a SELinux option of one's own", mend: "leave it out" };
  }
  const armor = context.at("appArmorProfile", "type");
  if (armor.text === "Unconfined") yield { place: armor, says: "lifts AppArmor", mend: "leave it out" };
  const hostProcess = context.at("windowsOptions", "hostProcess");
  if (hostProcess.value === true)
    yield { place: hostProcess, says: "runs on the node itself", mend: "leave it out" };
}

function* inContainer(pod: Place, { place }: Container): Iterable<Finding> {
  const own = place.at("securityContext");
  const shared = pod.at("spec", "securityContext");
  const escalation = own.at("allowPrivilegeEscalation");
  if (escalation.value !== false)
    yield { place: escalation, says: "does not rule out more privileges", mend: spreadContainer };
  const privileged = own.at("privileged");
  if (privileged.value === true)
    yield { place: privileged, says: "has the node's own rights", mend: "leave it out" };
  const nonRoot = own.at("runAsNonRoot");
  if (!(nonRoot.there ? nonRoot : shared.at("runAsNonRoot")).value)
    yield { place: nonRoot, says: "does not rule out root", mend: spread };
  if (!own.at("capabilities", "drop").texts.includes("ALL"))
    yield { place: own.at("capabilities", "drop"), says: "keeps capabilities", mend: spreadContainer };
  for (const added of own.at("capabilities", "add").items) {
    if (added.text !== "NET_BIND_SERVICE")
      yield { place: added, says: `adds ${added.text ?? "a capability"}`, mend: "leave it out" };
  }
  const seccomp = own.at("seccompProfile").there ? own : shared;
  if (!allowedSeccomp.includes(seccomp.at("seccompProfile", "type").text ?? ""))
    yield { place: own.at("seccompProfile", "type"), says: "filters no system calls", mend: spread };
  const procMount = own.at("procMount");
  if (procMount.there && procMount.text !== "Default")
    yield { place: procMount, says: "shows more of /proc", mend: "leave it out" };
  for (const port of place.at("ports").items) {
    const hostPort = port.at("hostPort");
    if (hostPort.there && hostPort.value !== 0)
      yield { place: hostPort, says: "takes a port of the node", mend: "use a Service" };
  }
  yield* inContext(own);
}
