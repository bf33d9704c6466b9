import * as https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

import type { Door } from "../../local/door";

export interface LoadArgs {
  host: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  /** Requests a second, whether or not the ones before were answered. */
  rate: number;
  seconds: number;
}

export interface Load {
  /** How often each status came; errors by their message. */
  answers: Record<string, number>;
  /** Milliseconds from sending to the end of the answer, in ascending order. */
  took: number[];
}

/** Asks for one thing at a steady rate over connections that stay open, as browsers and Traefik keep them. */
export async function load(door: Door, args: LoadArgs): Promise<Load> {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 64 });
  const answers: Record<string, number> = {};
  const took: number[] = [];
  const ask = () =>
    new Promise<void>((resolve) => {
      const began = performance.now();
      const end = (answer: string) => {
        answers[answer] = (answers[answer] ?? 0) + 1;
        took.push(performance.now() - began);
        resolve();
      };
      const asked = https.get(
        {
          host: door.address,
          port: door.port,
          ca: door.ca,
          servername: args.host,
          path: args.path,
          headers: { host: args.host, ...args.headers },
          agent,
          timeout: 15_000,
        },
        (response) => {
          response.resume().on("end", () => {
            end(String(response.statusCode));
          });
        },
      );
      asked
        .on("timeout", () => asked.destroy(new Error("no answer within 15 s")))
        .on("error", ({ message }) => {
          end(message);
        });
    });

  const began = performance.now();
  const all: Promise<void>[] = [];
  while (all.length < args.rate * args.seconds) {
    const due = Math.ceil(((performance.now() - began) / 1000) * args.rate);
    while (all.length < Math.min(due, args.rate * args.seconds)) all.push(ask());
    await sleep(5);
  }
  await Promise.all(all);
  agent.destroy();
  return { answers, took: took.sort((a, b) => a - b) };
}

/** The value below which so large a part of the sorted values is: 0.5 for the middle. */
export const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
