import * as fs from "node:fs";
import * as http from "node:http";
import * as os from "node:os";
import * as path from "node:path";

import { z } from "zod";

import { aside } from "../sign-in/aside";
import { start, type Running } from "../sign-in/process";

const alert = z.object({
  status: z.enum(["firing", "resolved"]),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
});

/** One alert of a message, as Alertmanager's webhook has it. */
export type Alert = z.infer<typeof alert>;

const message = z.looseObject({ version: z.literal("4"), alerts: z.array(alert).min(1) });

/** Somebody's server beside this machine, to which Alertmanager posts what it tells. */
export interface Receiver {
  /** `http://198.51.100.6:8090/alerts` */
  url: string;
  /** Everything that came so far, in order. */
  heard: () => Alert[];
  stop: () => Promise<void>;
  /** Starts it again; what it heard before stays. */
  start: () => Promise<void>;
  remove: () => Promise<void>;
}

const port = 8090;

/** A program for `node -e`, which writes each message as a line, and answers only when that is written. */
const program = (address: string, file: string) => `
require("node:http").createServer((request, response) => {
  if (request.method !== "POST") return response.end("here");
  let body = "";
  request.setEncoding("utf8").on("data", (text) => (body += text)).on("end", () => {
    require("node:fs").appendFileSync(${JSON.stringify(file)}, JSON.stringify(JSON.parse(body)) + "\\n");
    response.end();
  });
}).listen(${port}, "${address}");
`;

/** Starts one, which pods of the cluster reach as they reach the internet. */
export async function receiver(): Promise<Receiver> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "vibecode-receiver-"));
  const file = path.join(folder, "messages");
  fs.writeFileSync(file, "");
  const { address, within, remove } = await aside();
  const url = `http://${address}:${port}/alerts`;
  const [command, ...words] = [...within, process.execPath];
  const begin = () =>
    start({
      folder,
      name: "receiver",
      program: command,
      args: [...words, "-e", program(address, file)],
      ready: () => answers(url),
    });
  let running: Running | undefined;
  const stop = async () => {
    await running?.stop();
    running = undefined;
  };
  const all = {
    url,
    heard: () =>
      fs
        .readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .flatMap((line) => message.parse(JSON.parse(line)).alerts),
    stop,
    start: async () => {
      running ??= await begin();
    },
    remove: async () => {
      await stop();
      await remove();
      fs.rmSync(folder, { recursive: true });
    },
  };
  try {
    await all.start();
    return all;
  } catch (error) {
    await all.remove();
    throw error;
  }
}

function answers(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent: false, timeout: 2_000 }, (response) => {
        response.resume();
        resolve();
      })
      .on("error", reject);
  });
}
