import { setTimeout as sleep } from "node:timers/promises";

/** Asks again and again until it no longer throws; then gives what it gave, or after some seconds its error. */
export async function eventually<T>(ask: () => Promise<T>, seconds = 30): Promise<T> {
  const limit = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > limit) throw error;
      await sleep(300);
    }
  }
}
