import type { IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { isObject } from "../values";
import type { PropertyMap } from "../values";
import { Connections } from "./connections";
import type { Request } from "./connections";
import { ApiError, Unreachable, apiError } from "./errors";
import type { Cluster } from "./kubeconfig";

export { ApiError, Unreachable } from "./errors";

export interface Answer {
  object: PropertyMap;
}

/** Only names and labels, for when the rest of an object is of no interest. */
export const metadataOnly = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/** How long to wait for the server. */
export interface Patience {
  /** For a connection, TLS included. Default 10 s. */
  connectMs?: number;
  /** For a whole answer; watches have none. Default 65 s: the API server itself gives up after 60. */
  answerMs?: number;
}

const attempts = 6;

/** The cluster's REST interface. */
export class Api {
  private readonly connections: Connections;
  private readonly answerMs: number;

  constructor(
    private readonly cluster: Cluster,
    { connectMs = 10_000, answerMs = 65_000 }: Patience = {},
  ) {
    this.connections = new Connections(cluster, connectMs);
    this.answerMs = answerMs;
  }

  /**
   * Sends one request; what the server could not take just now is sent again. Every request here may be sent twice: an
   * apply that went through before its connection was cut meets what it made itself, a delete finds nothing.
   */
  async request(request: Request): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      request.signal?.throwIfAborted();
      let waitMs = 200 * 2 ** attempt;
      try {
        const { response, text } = await this.exchange(request);
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) return { object: parseObject(status, text) };
        const transient = [429, 503, 504].includes(status) || (status === 500 && /etcd|timeout/i.test(text));
        if (!transient || attempt === attempts) throw apiError(status, text);
        waitMs = Number(response.headers["retry-after"] ?? 0) * 1000 || waitMs;
      } catch (error) {
        request.signal?.throwIfAborted();
        // A server that restarts cuts its connections, a kept one also at the very moment it is used again.
        if (!(error instanceof Unreachable && error.cut) || attempt === attempts) throw error;
      }
      await pause(waitMs, undefined, { ...(request.signal && { signal: request.signal }) }).catch(
        () => undefined,
      );
    }
  }

  /** The objects as the server changes them, until it closes the stream. */
  async *watch(path: string, query: Record<string, string | undefined>, signal: AbortSignal) {
    const response = await this.connections.open({
      method: "GET",
      path,
      query: { ...query, watch: "1" },
      signal,
    });
    if (response.statusCode !== 200) throw apiError(response.statusCode ?? 0, await this.read(response));
    let rest = "";
    for await (const chunk of this.connections.chunks(response)) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event: unknown = JSON.parse(line);
        if (!isObject(event) || !isObject(event["object"])) continue;
        yield { type: String(event["type"]), object: event["object"] };
      }
    }
  }

  /** One request and the whole answer to it. */
  private async exchange(request: Request): Promise<{ response: IncomingMessage; text: string }> {
    const late = AbortSignal.timeout(this.answerMs);
    const signal = request.signal ? AbortSignal.any([request.signal, late]) : late;
    try {
      const response = await this.connections.open({ ...request, signal });
      return { response, text: await this.read(response) };
    } catch (error) {
      if (!late.aborted) throw error;
      throw new Unreachable(
        this.cluster.server,
        new Error(`no answer within ${this.answerMs / 1000} seconds`),
      );
    }
  }

  private async read(response: IncomingMessage): Promise<string> {
    let text = "";
    for await (const chunk of this.connections.chunks(response)) text += chunk;
    return text;
  }
}

function parseObject(status: number, text: string): PropertyMap {
  const object: unknown = JSON.parse(text);
  if (!isObject(object)) throw new ApiError(status, "Invalid", "the API server answered with no object");
  return object;
}
