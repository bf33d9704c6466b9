import * as http from "node:http";
import * as https from "node:https";
import { Unreachable } from "./errors";
import type { Cluster } from "./kubeconfig";

export interface Request {
  method: "GET" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | undefined>;
  body?: unknown;
  /** Default: the whole object as JSON. */
  accept?: string;
  signal?: AbortSignal | undefined;
  /** Told what the server warns of: deprecated versions, pod security. */
  warn?: (message: string) => void;
}

/** HTTP to one cluster, over connections that are kept open. */
export class Connections {
  private readonly agent: http.Agent;
  private readonly transport: typeof http | typeof https;
  /** What a new socket says once it can be used. */
  private readonly connected: "secureConnect" | "connect";

  constructor(
    private readonly cluster: Cluster,
    private readonly connectMs: number,
  ) {
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
    this.connected = secure ? "secureConnect" : "connect";
  }

  /** Sends a request; the answer's body is still to come. */
  open({ method, path, query = {}, body, accept, signal, warn }: Request): Promise<http.IncomingMessage> {
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
      const connecting = setTimeout(
        () => request.destroy(new Error(`no connection within ${this.connectMs / 1000} seconds`)),
        this.connectMs,
      );
      const done = () => {
        clearTimeout(connecting);
      };
      request.on("socket", (socket) => {
        if (request.reusedSocket) done();
        else socket.once(this.connected, done);
      });
      request.on("close", done);
      request.on("response", (response) => {
        for (const warning of warnings(response.headers["warning"])) warn?.(warning);
        resolve(response);
      });
      request.on("error", (error) => {
        reject(new Unreachable(this.cluster.server, error));
      });
      request.end(data);
    });
  }

  /** The answer's body, piece by piece. */
  async *chunks(response: http.IncomingMessage): AsyncGenerator<string> {
    response.setEncoding("utf8");
    try {
      for await (const chunk of response) yield String(chunk);
    } catch (error) {
      throw new Unreachable(this.cluster.server, error);
    }
  }
}

/** `299 - "text"`, several of them in one header. */
const warnings = (header: string | undefined): string[] =>
  [...(header ?? "").matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) =>
    text.replace(/\\(.)/g, "$1"),
  );
