import { findPlatform } from "../platform";
import { runSteps } from "../progress";
import { runEngine } from "../remote";

/** Ends all computing. Volumes, state and passwords stay; `up` goes on from there. */
export async function down(stackName: string): Promise<void> {
  const platform = await findPlatform(stackName);
  if (platform.cluster.kind === "existing") {
    await runEngine(platform, "destroy");
    return;
  }
  await runSteps([
    {
      title: `Stopping ${stackName}`,
      run: async (report) => {
        await platform.cluster.stop(report);
        return `${stackName} is stopped; its work is kept`;
      },
    },
  ]);
}
