import { mkdir } from "node:fs/promises";
import * as path from "node:path";

import type { ImageArchive } from "../../local/cluster";
import { run } from "../../local/host";
import { buildProgram } from "../../local/images/scratch";
import { kubectlOf } from "./kubectl";

/** The program that the image holds, for the host. */
export const probeProgram = (work: string): string => path.join(work, "probe");

/**
 * Builds the image of probe/, which a pod of the tests runs.
 * @param version another one is another image
 */
export async function probeImage(work: string, version = 1): Promise<ImageArchive> {
  await mkdir(work, { recursive: true });
  const binary = probeProgram(work);
  const built = await run("go", ["build", "-trimpath", "-o", binary, "."], {
    cwd: path.join(__dirname, "probe"),
    env: { CGO_ENABLED: "0" },
  });
  if (built.code !== 0) throw new Error(built.stderr);
  const ref = `localhost/vibecode/probe:${String(version)}`;
  const image = { tool: "probe", user: `1000:${String(999 + version)}`, authorities: false };
  const { file } = await buildProgram(image, binary, ref, path.join(work, `image-${String(version)}`));
  return { ref, archive: file };
}

/** A namespace with pod security `restricted`, a claim and a pod that keeps it at /home. */
export function probePod(namespace: string, image: string): string {
  const meta = (name: string): object => ({ name, namespace });
  return JSON.stringify({
    apiVersion: "v1",
    kind: "List",
    items: [
      {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
      },
      {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: meta("home"),
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "320Mi" } } },
      },
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: meta("probe"),
        spec: {
          automountServiceAccountToken: false,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            fsGroup: 1000,
            seccompProfile: { type: "RuntimeDefault" },
          },
          volumes: [{ name: "home", persistentVolumeClaim: { claimName: "home" } }],
          containers: [
            {
              name: "probe",
              image,
              imagePullPolicy: "IfNotPresent",
              args: ["wait"],
              volumeMounts: [{ name: "home", mountPath: "/home" }],
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
            },
          ],
        },
      },
    ],
  });
}

/** A pod that tries these addresses from its first moment on, and logs each that it reaches. */
export function knocker(
  namespace: string,
  name: string,
  image: string,
  addresses: readonly string[],
): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "probe", image, imagePullPolicy: "IfNotPresent", args: ["knock", ...addresses] }],
    },
  };
}

/** What the probe says in its pod. */
export async function ask(kubeconfig: string, namespace: string, ...words: string[]): Promise<string> {
  return (await kubectlOf(kubeconfig)(["-n", namespace, "exec", "probe", "--", "/probe", ...words])).trim();
}
