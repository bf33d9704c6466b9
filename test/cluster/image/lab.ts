import * as fs from "node:fs";
import * as path from "node:path";

import { containerSecurity, podSecurity, restrictedNamespace } from "../../../components/security";
import { ensureImages } from "../../../local/images";
import { testCluster } from "../instance";
import { kubectlOf } from "../kubectl";

const quiet = () => undefined;
const kubectl = kubectlOf(process.env["VIBECODE_TEST_KUBECONFIG"] ?? "");

/** Where a workspace may write: the pod's volumes. */
const folders = {
  home: "/home/coder",
  extensions: "/extensions",
  tmp: "/tmp",
  "claude-code": "/etc/claude-code",
  // In the place of the image's own, which holds no files.
  offered: "/opt/workspace/extensions",
};

type Env = Readonly<Record<string, string>>;

/** How `prepare` ended. */
export interface Prepared {
  code: number;
  /** Milliseconds. */
  took: number;
  /** Lines of the termination message. */
  problems: string[];
}

/** A workspace's container, rights and volumes as in a user's pod, in which tests run one thing after the other. */
export interface Lab {
  /** The pod's address. */
  address: string;
  /** What a shell command prints; its own failures are part of the answer. */
  sh: (command: string, env?: Env) => Promise<string>;
  prepare: (env?: Env) => Promise<Prepared>;
  /** Empties home, extensions and policy. */
  renew: () => Promise<void>;
  /** Applies further objects to the lab's namespace. */
  apply: (...objects: readonly object[]) => Promise<void>;
  kubectl: (...words: readonly string[]) => Promise<string>;
  remove: () => Promise<void>;
}

export interface LabArgs {
  namespace: string;
  /** Programs of this folder and other files, found in /test. */
  files?: Readonly<Record<string, Buffer>>;
  /** Sources of volumes by their names. Default: a folder of the node each. */
  volumes?: Readonly<Partial<Record<keyof typeof folders, object>>>;
  /** Further objects, such as claims of volumes. */
  objects?: readonly object[];
}

/** The container of a workspace without its volumes, for a pod of a test's own. */
export async function workspaceContainer() {
  const { workspace } = await ensureImages(["workspace"], quiet);
  await testCluster("test").loadImages([workspace], quiet);
  return { image: workspace.ref, securityContext: containerSecurity };
}

/** What a pod of a workspace has in common with every other. */
export const workspacePod = {
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  terminationGracePeriodSeconds: 0,
  securityContext: podSecurity(1000),
};

/** Starts a lab in a namespace of its own. */
export async function lab({ namespace, files = {}, volumes = {}, objects = [] }: LabArgs): Promise<Lab> {
  const here = (...words: readonly string[]) => kubectl(["-n", namespace, ...words]);
  const apply = async (...items: readonly object[]): Promise<void> => {
    const list = { apiVersion: "v1", kind: "List", items };
    await kubectl(["-n", namespace, "apply", "-f", "-"], JSON.stringify(list));
  };
  const container = await workspaceContainer();
  const programs = fs.readdirSync(__dirname).filter((file) => file !== path.basename(__filename));
  const data = Object.fromEntries(
    programs.map((file) => [file, fs.readFileSync(path.join(__dirname, file), "utf8")]),
  );
  const binaryData = Object.fromEntries(
    Object.entries(files).map(([file, bytes]) => [file, bytes.toString("base64")]),
  );
  await kubectl(["delete", "namespace", namespace, "--ignore-not-found"]);
  await kubectl(
    ["apply", "-f", "-"],
    JSON.stringify({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: restrictedNamespace },
    }),
  );
  const sources = new Map(Object.entries(volumes));
  await apply(
    ...objects,
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "test" }, data, binaryData },
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "lab" },
      spec: {
        ...workspacePod,
        containers: [
          {
            ...container,
            name: "lab",
            // Words that do not begin with a dash are run as they are.
            args: ["sleep", "infinity"],
            volumeMounts: [
              ...Object.entries(folders).map(([name, mountPath]) => ({ name, mountPath })),
              { name: "test", mountPath: "/test" },
            ],
          },
        ],
        volumes: [
          ...Object.keys(folders).map((name) => ({ name, ...(sources.get(name) ?? { emptyDir: {} }) })),
          { name: "test", configMap: { name: "test" } },
        ],
      },
    },
  );
  await here("wait", "--for=condition=Ready", "pod/lab", "--timeout=110s");
  const address = await here("get", "pod", "lab", "-o", "jsonpath={.status.podIP}");

  const sh = async (command: string, env: Env = {}): Promise<string> => {
    const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return (
      await here("exec", "lab", "--", "env", ...words, "sh", "-c", `{ ${command}\n} 2>&1 || true`)
    ).trim();
  };
  const run = `: > /dev/termination-log; start=$(date +%s%N); /opt/workspace/prepare > /tmp/prepare.log 2>&1
    echo $? $(( ($(date +%s%N) - start) / 1000000 )); cat /dev/termination-log`;
  return {
    address,
    sh,
    prepare: async (env) => {
      const [first = "", ...problems] = (await sh(run, env)).split("\n");
      const [code = NaN, took = NaN] = first.split(" ").map(Number);
      return { code, took, problems };
    },
    renew: async () => {
      await sh(
        `for folder in ${Object.values(folders).join(" ")}; do find $folder -mindepth 1 -delete 2>/dev/null; done`,
      );
    },
    apply,
    kubectl: here,
    remove: async () => {
      await kubectl(["delete", "namespace", namespace, "--wait=false"]);
    },
  };
}
