import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline/promises";

import { UserError } from "../errors";
import { dataFolder } from "../paths";
import { findPlatform } from "../platform";
import { runSteps } from "../progress";

/** Removes a local stack with everything in it, after the person has typed its name. */
export async function destroy(stackName: string, force: boolean): Promise<void> {
  const { cluster } = await findPlatform(stackName);
  if (cluster.kind === "existing") {
    throw new UserError(
      `${stackName} is on a cluster that others may use, which is never emptied from here`,
      `run \`pulumi destroy --stack ${stackName}\`, then delete the namespaces it kept`,
    );
  }
  const folder = path.join(dataFolder, "clusters", stackName);
  if (!force) await confirm(stackName, folder);
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

async function confirm(stackName: string, folder: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UserError("nobody is there to ask", "say FORCE=1 to remove all work without a question");
  }
  const dialog = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await dialog.question(
    `This removes every user's work on ${stackName} (${folder}). Type ${stackName} to go on: `,
  );
  dialog.close();
  if (answer.trim() !== stackName)
    throw new UserError("nothing was removed", `type ${stackName} to remove it`);
}
