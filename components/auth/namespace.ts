import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

import { labels } from "../labels";
import { restrictedNamespace } from "../security";
import { signInNamespace } from "./sign-in";

/**
 * The namespace of sign-in and its stores, for the kinds that run in pods of their own.
 *
 * @param retain keeps it, with the stores' volumes, when the stack has no use for it any more
 */
export function signInSpace(
  name: string,
  retain: boolean,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Namespace {
  return new k8s.core.v1.Namespace(
    name,
    {
      metadata: {
        name: signInNamespace,
        labels: { ...labels("sign-in", "sign-in"), ...restrictedNamespace },
      },
    },
    { ...opts, retainOnDelete: retain },
  );
}
