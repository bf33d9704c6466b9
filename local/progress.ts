import { Listr, PRESET_TIMESTAMP, type ListrTask } from "listr2";

import type { Report } from "./errors";

/** One step of a command: its title says what is done, `run` reports how far it is. */
export interface Step {
  title: string;
  /** May give a better title once it is known: which of several ways was taken, and why. */
  run: (report: Report) => Promise<string | undefined>;
}

/** Where there is no terminal to draw on, a line at most this often: a build log stays readable. */
const quietMilliseconds = 20_000;

/**
 * Runs steps one after the other, where the first failure ends it, or all at once, where all come to their end
 * before the first failure is thrown: nothing goes on behind an error message.
 */
export async function runSteps(steps: Step[], options: { concurrent?: boolean } = {}): Promise<void> {
  const tasks = steps.map((step): ListrTask => ({
    title: step.title,
    task: async (_context, task) => {
      const title = await step.run(
        throttle((message) => {
          task.output = message;
        }),
      );
      if (title !== undefined) task.title = title;
    },
  }));
  const concurrent = options.concurrent ?? false;
  const list = new Listr(tasks, {
    concurrent,
    exitOnError: !concurrent,
    collectErrors: "minimal",
    fallbackRenderer: "simple",
    fallbackRendererCondition: () => !process.stdout.isTTY,
    rendererOptions: { showErrorMessage: false, collapseErrors: false },
    fallbackRendererOptions: { timestamp: PRESET_TIMESTAMP },
  });
  await list.run();
  const [failure] = list.errors;
  if (failure !== undefined) throw failure.error;
}

function throttle(report: Report): Report {
  if (process.stdout.isTTY) return report;
  let last = 0;
  return (message) => {
    const now = Date.now();
    if (now - last < quietMilliseconds) return;
    last = now;
    report(message);
  };
}
