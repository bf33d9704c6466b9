import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

/** A chart, where the machine that runs Pulumi finds it. */
export interface Chart {
  /** A name in `repository`, an `oci://` reference, or a folder. */
  chart: string;
  repository?: string | undefined;
  /** None where it is a folder. */
  version?: string | undefined;
}

interface ReleaseArgs extends Chart {
  name: string;
  namespace: string;
  values: Record<string, unknown>;
}

/** Installs a chart, wholly or not at all. */
export function release(
  resourceName: string,
  { name, namespace, chart, repository, version, values }: ReleaseArgs,
  opts: pulumi.CustomResourceOptions,
): k8s.helm.v3.Release {
  return new k8s.helm.v3.Release(
    resourceName,
    {
      name,
      namespace,
      chart,
      ...(version === undefined ? {} : { version }),
      ...(repository === undefined ? {} : { repositoryOpts: { repo: repository } }),
      values,
      // Half an installation would keep the next one from beginning.
      atomic: true,
      timeout: 600,
    },
    opts,
  );
}
