import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";
import { toolPath } from "../../local/toolchain";

/** The API server without certificates and tokens: kubectl's proxy holds them. */
export interface Api {
  /** One request; the answer may be anything. */
  send: (method: string, path: string, body?: object, contentType?: string) => Promise<Response>;
  /** One request whose answer is JSON; throws when it fails. */
  call: (method: string, path: string, body?: object, contentType?: string) => Promise<unknown>;
  /** Every object of a list that there is, comes or changes, until the server ends it. */
  watch: <T>(path: string, shape: z.ZodType<T>, signal: AbortSignal) => AsyncGenerator<T>;
  /** The items of a list. */
  list: <T>(path: string, shape: z.ZodType<T>) => Promise<T[]>;
  close: () => void;
}

const watched = z.object({ type: z.string(), object: z.unknown() });

/** @param access kubectl's flags that say which cluster: `--kubeconfig`, `--context` */
export async function openApi(...access: string[]): Promise<Api> {
  // Ends with this process, however that ends.
  const args = ["--pdeathsig", "KILL", toolPath("kubectl"), ...access, "proxy", "--port=0"];
  const proxy = spawn("setpriv", args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = z.tuple([z.string()]).parse(await once(createInterface(proxy.stdout), "line"));
  const server = `http://${/127\.0\.0\.1:\d+/.exec(said)?.[0] ?? ""}`;

  const send: Api["send"] = (method, path, body, contentType = "application/json") =>
    fetch(`${server}${path}`, {
      method,
      headers: { "content-type": contentType },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  async function* watch<T>(path: string, shape: z.ZodType<T>, signal: AbortSignal): AsyncGenerator<T> {
    const answer = await fetch(`${server}${path}?watch=true`, { signal });
    if (answer.body === null) throw new Error(`GET ${path}: ${answer.status}`);
    let begun = "";
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
      const lines = `${begun}${chunk}`.split("\n");
      begun = lines.pop() ?? "";
      for (const line of lines) {
        const { type, object } = watched.parse(JSON.parse(line));
        if (type !== "DELETED") yield shape.parse(object);
      }
    }
  }
  const call: Api["call"] = async (method, path, ...rest) => {
    const answer = await send(method, path, ...rest);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
    return answer.json();
  };
  return {
    send,
    call,
    watch,
    close: () => {
      proxy.kill();
    },
    list: async (path, shape) => z.object({ items: z.array(shape) }).parse(await call("GET", path)).items,
  };
}
