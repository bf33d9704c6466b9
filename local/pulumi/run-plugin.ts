import { spawn } from "node:child_process";

import * as grpc from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/language_pb";

type Call = grpc.ServerWritableStream<pb.RunPluginRequest, pb.RunPluginResponse>;

/**
 * Starts a policy pack, and hands what it prints to the engine, which finds its port there. A pack looks for its version in
 * the folder it is started in. The SDK's own runner would check the pack's types first, which takes it four seconds.
 */
export function runPlugin(call: Call): void {
  const { request } = call;
  const folder = request.getInfo()?.getProgramDirectory() ?? request.getPwd();
  if (request.getKind() !== "analyzer") {
    call.emit("error", {
      code: grpc.status.UNIMPLEMENTED,
      details: `this host runs policy packs, not plugins of kind ${request.getKind()}`,
    });
    return;
  }
  const words = ["--require", require.resolve("tsx/cjs"), folder, ...request.getArgsList()];
  const pack = spawn(process.execPath, words, {
    cwd: folder,
    env: Object.fromEntries(request.getEnvList().map((line) => splitAt(line, line.indexOf("=")))),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = () => pack.kill();
  process.once("exit", end);
  call.on("cancelled", end);
  pack.stdout.on("data", (bytes: Buffer) => call.write(new pb.RunPluginResponse().setStdout(bytes)));
  pack.stderr.on("data", (bytes: Buffer) => call.write(new pb.RunPluginResponse().setStderr(bytes)));
  pack.on("error", (error) => call.write(new pb.RunPluginResponse().setStderr(Buffer.from(error.message))));
  pack.on("close", (code) => {
    process.off("exit", end);
    call.write(new pb.RunPluginResponse().setExitcode(code ?? 1));
    call.end();
  });
}

const splitAt = (line: string, at: number): [string, string] => [line.slice(0, at), line.slice(at + 1)];
