import * as fs from "node:fs";
import * as path from "node:path";

import { confirmRemoval } from "../confirm";
import { UserError } from "../errors";
import { habit } from "../habit";
import { dataFolder } from "../paths";
import { findPlatform } from "../platform";
import { runSteps } from "../progress";

/** Removes a local stack with everything in it, after the person has typed its name. */
export async function destroy(stackName: string, force: boolean): Promise<void> {
  const { cluster } = await findPlatform(stackName);
  if (cluster.kind === "existing") {
    throw new UserError(
      `${stackName} is on a cluster that others may use, which is never emptied from here`,
      `run \`${habit("down", stackName)}\`, take the names out of the stack's file, and \`${habit("purge USER=name", stackName)}\` each`,
    );
  }
  const folder = path.join(dataFolder, "clusters", stackName);
  if (!force) await confirmRemoval(`This removes every user's work on ${stackName} (${folder})`, stackName);
  await runSteps([
    {
      title: `Removing ${stackName}`,
      run: async (report) => {
        await cluster.destroy(report);
        fs.rmSync(folder, { recursive: true, force: true });
        return `${stackName} is gone`;
      },
    },
  ]);
}
