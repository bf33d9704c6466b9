import { z } from "zod";

import { paths } from "../components/auth/authelia/configuration";
import { signInNamespace, signInPods } from "../components/auth/sign-in";
import type { Cluster } from "./cluster";
import { inCluster } from "./kubectl";

const file = `${paths.notifications}/notification.txt`;

/** A pod that wrote none has no such file, which is no error. */
const read = `test ! -f ${file} || { stat -c %Y ${file}; cat ${file}; }`;

const pods = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/**
 * The newest message to a person that sign-in wrote to a file, in any of its pods; nothing when there is none. Each
 * pod keeps its last one, until it ends.
 */
export async function newestMessage(cluster: Cluster): Promise<string | undefined> {
  const selector = Object.entries(signInPods("authelia")).map(([label, value]) => `${label}=${value}`);
  const where = ["--namespace", signInNamespace];
  const running = "--field-selector=status.phase=Running";
  const words = ["get", "pods", ...where, "--selector", selector.join(), running, "-o", "json"];
  const { items } = pods.parse(JSON.parse(await inCluster(cluster, ...words)));
  const written = await Promise.all(
    items.map(({ metadata: { name } }) =>
      inCluster(cluster, "exec", ...where, name, "--container", "authelia", "--", "sh", "-c", read),
    ),
  );
  return newest(written);
}

/** Of texts whose first line is when they were written, the newest, without that line. */
export function newest(written: readonly string[]): string | undefined {
  const messages = written.flatMap((text) => {
    const [, time, message] = /^(\d+)\n([^]*)$/.exec(text) ?? [];
    return time === undefined || message === undefined
      ? []
      : [{ time: Number(time), message: message.trim() }];
  });
  return messages.sort((one, other) => other.time - one.time)[0]?.message;
}
