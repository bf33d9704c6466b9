import type { Rule } from "../rule";
import { budget } from "./budget";
import { dataProtected } from "./data-protected";
import { hostPath } from "./host-path";
import { imagePinned, imageRegistry } from "./images";
import { ingressGuard } from "./ingress-guard";
import { labels } from "./labels";
import { networkPolicy } from "./network-policy";
import { plainSecret } from "./plain-secret";
import { podSecurity } from "./pod-security";
import { probes } from "./probes";
import { quota, userBorders } from "./quota";
import { resources } from "./resources";
import { rights } from "./rights";
import { serviceAccountToken } from "./service-account-token";
import { serviceDoor } from "./service-door";
import { volumeDeleted, volumeReplaced } from "./volume-kept";

/** Every rule, in the order in which docs/policy.md tells of them. */
export const rules: readonly Rule[] = [
  podSecurity,
  hostPath,
  serviceAccountToken,
  rights,
  plainSecret,
  serviceDoor,
  ingressGuard,
  networkPolicy,
  imagePinned,
  imageRegistry,
  resources,
  probes,
  quota,
  userBorders,
  budget,
  labels,
  dataProtected,
  volumeReplaced,
  volumeDeleted,
];
