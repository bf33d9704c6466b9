import * as http from "node:http";
import * as https from "node:https";
import { isObject } from "../values";
import type { PropertyMap } from "../values";
import type { Cluster } from "./kubeconfig";
import { textAt } from "./objects";

/** The API server answered, and refused. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    /** `AlreadyExists`, `NotFound`, `Conflict`, ... */
    readonly reason: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** Nobody answered. */
export class Unreachable extends Error {
  constructor(server: string, cause: Error) {
    super(`the cluster at ${server} cannot be reached: ${cause.message}; is it running?`, { cause });
    this.name = "Unreachable";
  }
}

export interface Request {
  method: "GET" | "PATCH" | "POST" | "DELETE";
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  /** Default: the whole object as JSON. */
  accept?: string;
  signal?: AbortSignal;
  /** Told what the server warns of: deprecated versions, pod security. */
  warn?: (message: string) => void;
}

export interface Answer {
  object: PropertyMap;
  /** The object did not exist before. */
  created: boolean;
}

/** Only names and labels, for when the rest of an object is of no interest. */
export const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

const attempts = 6;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The cluster's REST interface over connections that are kept open. */
export class Api {
  private readonly agent: http.Agent;
  private readonly transport: typeof http | typeof https;

  constructor(readonly cluster: Cluster) {
    const { ca, cert, key, insecure, servername } = cluster;
    const secure = cluster.server.startsWith("https:");
    const tls = {
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
      ...(servername !== undefined && { servername }),
      rejectUnauthorized: !insecure,
    };
    this.transport = secure ? https : http;
    this.agent = secure ? new https.Agent({ keepAlive: true, ...tls }) : new http.Agent({ keepAlive: true });
  }

  /** Sends one request; what the server could not take just now is sent again. */
  async request(request: Request): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const again = attempt < attempts && request.signal?.aborted !== true;
      const response = await this.open(request).catch((error: unknown) => {
        // A kept connection may be closed by the server at the very moment it is used again.
        if (again && isReset(error)) return undefined;
        throw error;
      });
      if (!response) continue;
      const text = await read(response);
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        const object: unknown = JSON.parse(text);
        if (!isObject(object))
          throw new ApiError(status, "Invalid", "the API server answered with no object");
        return { object, created: status === 201 };
      }
      const error = apiError(status, text);
      const transient = [429, 503, 504].includes(status) || (status === 500 && /etcd|timeout/i.test(text));
      if (!again || !transient) throw error;
      await pause(Number(response.headers["retry-after"] ?? 0) * 1000 || 200 * 2 ** attempt);
    }
  }

  /** The objects as the server changes them, until it closes the stream. */
  async *watch(path: string, query: Record<string, string | undefined>, signal: AbortSignal) {
    const response = await this.open({ method: "GET", path, query: { ...query, watch: "1" }, signal });
    if (response.statusCode !== 200) throw apiError(response.statusCode ?? 0, await read(response));
    response.setEncoding("utf8");
    let rest = "";
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event: unknown = JSON.parse(line);
        if (!isObject(event) || !isObject(event["object"])) continue;
        yield { type: String(event["type"]), object: event["object"] };
      }
    }
  }

  private open({
    method,
    path,
    query = {},
    body,
    accept,
    signal,
    warn,
  }: Request): Promise<http.IncomingMessage> {
    const url = new URL(this.cluster.server + path);
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(key, value);
    const data = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const type = method === "PATCH" ? "application/apply-patch+yaml" : "application/json";
    return new Promise((resolve, reject) => {
      const request = this.transport.request(url, {
        method,
        agent: this.agent,
        ...(signal && { signal }),
        headers: {
          accept: accept ?? "application/json",
          "user-agent": "vibecode-pulumi-kubernetes",
          ...(this.cluster.authorization !== undefined && { authorization: this.cluster.authorization }),
          ...(data && { "content-type": type, "content-length": data.length }),
        },
      });
      const connecting = setTimeout(() => request.destroy(new Error("no answer within 10 seconds")), 10_000);
      request.on("socket", (socket) => {
        const connected = () => {
          clearTimeout(connecting);
        };
        if (socket.connecting) socket.once("connect", connected);
        else connected();
      });
      request.on("response", (response) => {
        for (const warning of warnings(response.headers["warning"])) warn?.(warning);
        resolve(response);
      });
      request.on("error", (error) => {
        clearTimeout(connecting);
        reject(
          signal?.aborted === true || isReset(error) ? error : new Unreachable(this.cluster.server, error),
        );
      });
      request.end(data);
    });
  }
}

const isReset = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");

async function read(response: http.IncomingMessage): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return text;
}

/** `299 - "text"`, several of them in one header. */
const warnings = (header: string | undefined): string[] =>
  [...(header ?? "").matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    text.replace(/\\(.)/g, "$1"),
  );

function apiError(code: number, text: string): ApiError {
  try {
    const status: unknown = JSON.parse(text);
    if (isObject(status) && typeof status["message"] === "string")
      return new ApiError(code, textAt(status, "reason") ?? "", status["message"]);
  } catch {
    // A proxy in between answers in its own words.
  }
  const message = text.trim().slice(0, 300) || (http.STATUS_CODES[code] ?? "");
  return new ApiError(code, "", `the API server answered ${code}: ${message}`);
}
