import * as path from "node:path";

import { UserError } from "../../errors";
import { dataFolder } from "../../paths";

/** Where the instance's folder is seen by the node's own processes, whatever its place on the host. */
export const inside = "/run/vibecode";

/** Which addresses pods have, and which was given last. */
export const addressFolder = `${inside}/addresses`;

/** One embedded cluster of this machine: its name and where it keeps its things. */
export interface Instance {
  name: string;
  /** All that outlives a stop: database, volumes, images, keys, logs. */
  folder: string;
  kubeconfig: string;
  /** Name of the node, also its host name. */
  node: string;
}

/**
 * The instance of this name.
 * @param name 1 to 20 lower case letters, digits and dashes
 * @param parent folder of all instances; default `clusters` in the data folder
 */
export function instance(name: string, parent = path.join(dataFolder, "clusters")): Instance {
  if (!/^[a-z](?:-?[a-z0-9]){0,19}$/.test(name)) {
    throw new UserError(
      `cluster name "${name}" is not valid`,
      "use 1 to 20 lower case letters, digits and single dashes",
    );
  }
  const folder = path.join(parent, name);
  return { name, folder, kubeconfig: path.join(folder, "kubeconfig"), node: `vibecode-${name}` };
}
