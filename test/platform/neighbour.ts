import { setTimeout as sleep } from "node:timers/promises";

import { ask } from "../../local/door";
import type { Deployed } from "./deploy";

/** How a user's editor answered through the door, while something else went on. */
export interface Answers {
  asked: number;
  /** What was not answered with 200: the status, or undefined where nothing came within 5 s. */
  failed: (number | undefined)[];
  /** Milliseconds that the slowest answer took. */
  slowest: number;
}

/** Does the work, and asks a user's editor for something with the user's own password, five times a second. */
export async function whileAsking(
  platform: Deployed,
  user: string,
  work: () => Promise<unknown>,
): Promise<Answers> {
  const answers: Answers = { asked: 0, failed: [], slowest: 0 };
  let isOver = false;
  const asking = async (): Promise<void> => {
    while (!isOver) {
      const began = Date.now();
      const status = await statusOf(platform, user);
      const took = Date.now() - began;
      answers.asked++;
      answers.slowest = Math.max(answers.slowest, took);
      if (status !== 200) answers.failed.push(status);
      await sleep(Math.max(0, 200 - took));
    }
  };
  const end = (): void => {
    isOver = true;
  };
  await Promise.all([asking(), work().finally(end)]);
  return answers;
}

/** What a user's editor answers to its owner. */
export async function statusOf(platform: Deployed, user: string): Promise<number | undefined> {
  const host = `${user}.${platform.domain}`;
  return (await ask(platform.door, host, "/healthz", `${user}:${platform.password(user)}`))?.status;
}
