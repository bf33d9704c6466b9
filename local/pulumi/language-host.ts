import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";

import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import { PackageDependency, PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { z } from "zod";

import { runPlugin } from "./run-plugin";

/**
 * Runs Node programs for an engine that came without its own host for them. The one host that can be had as a Go
 * module is years older than the SDK: it stands between program and engine, and lets no resource hook through.
 */

/** How a program ends that has already told the person what is wrong. */
const alreadySaid = 32;

// A whole chart's rendered objects pass the 4 MiB that gRPC allows unless told.
const server = new grpc.Server({ "grpc.max_receive_message_length": 400 * 1024 * 1024 });
// The engine starts a plugin with its own address as the last argument.
const engine = process.argv.at(-1) ?? "";

const options = z.object({
  typescript: z.boolean().default(true),
  nodeargs: z.string().default(""),
  tsconfig: z.string().optional(),
});

/** Runs a program to its end, and tells how it ended. */
function run(request: pb.RunRequest): Promise<pb.RunResponse> {
  const info = request.getInfo();
  const { typescript, nodeargs, tsconfig } = options.parse(info?.getOptions()?.toJavaScript() ?? {});
  const settings = {
    monitor: request.getMonitorAddress(),
    engine,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info?.getRootDirectory() ?? "",
    stack: request.getStack(),
    pwd: request.getPwd(),
    parallel: String(request.getParallel()),
  };
  const words = [
    ...nodeargs.split(/\s+/).filter((word) => word !== ""),
    createRequire(path.join(request.getPwd(), "index.js")).resolve("@pulumi/pulumi/cmd/run"),
    ...Object.entries(settings).flatMap(([name, value]) => (value === "" ? [] : [`--${name}`, value])),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    request.getProgram() || ".",
    ...request.getArgsList(),
  ];
  const env = {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toArray())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(typescript ? { PULUMI_NODEJS_TYPESCRIPT: "true" } : {}),
    ...(tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig }),
  };
  return new Promise((resolve) => {
    const program = spawn(process.execPath, words, { env, stdio: ["ignore", "inherit", "inherit"] });
    const end = () => program.kill();
    process.once("exit", end);
    program.on("error", (error) => {
      resolve(new pb.RunResponse().setError(`the program does not start: ${error.message}`));
    });
    program.on("close", (code, signal) => {
      process.off("exit", end);
      const response = new pb.RunResponse();
      if (code === alreadySaid) response.setBail(true);
      else if (code !== 0)
        response.setError(
          signal === null
            ? `the program ended with status ${code ?? 0}`
            : `the program was ended by ${signal}`,
        );
      resolve(response);
    });
  });
}

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  pulumi: z.object({ resource: z.boolean(), name: z.string().optional(), server: z.string().optional() }),
});

/** The providers whose SDKs lie where the program finds them: the engine takes the plugins of these versions. */
function requiredPackages(programFolder: string): PackageDependency[] {
  const scopes = createRequire(path.join(programFolder, "index.js")).resolve.paths("@pulumi/pulumi") ?? [];
  const scope = scopes.map((folder) => path.join(folder, "@pulumi")).find((folder) => fs.existsSync(folder));
  if (scope === undefined) return [];
  return fs.readdirSync(scope).flatMap((folder) => {
    const file = path.join(scope, folder, "package.json");
    const parsed = manifest.safeParse(fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {});
    if (!parsed.success || !parsed.data.pulumi.resource) return [];
    const { name, version, pulumi } = parsed.data;
    return new PackageDependency()
      .setKind("resource")
      .setName(pulumi.name ?? name.replace("@pulumi/", ""))
      .setVersion(`v${version}`)
      .setServer(pulumi.server ?? "");
  });
}

const unary =
  <Request, Response>(handle: (request: Request) => Promise<Response> | Response) =>
  (call: grpc.ServerUnaryCall<Request, Response>, callback: grpc.sendUnaryData<Response>): void => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => {
          callback(null, response);
        },
        (error: unknown) => {
          callback({
            code: grpc.status.UNKNOWN,
            details: error instanceof Error ? error.message : String(error),
          });
        },
      );
  };

// The engine takes what is not here for a host that cannot do it, and goes on.
server.addService(LanguageRuntimeService, {
  getPluginInfo: unary(() => new PluginInfo()),
  getRequiredPackages: unary((request: pb.GetRequiredPackagesRequest) =>
    new pb.GetRequiredPackagesResponse().setPackagesList(
      requiredPackages(request.getInfo()?.getProgramDirectory() ?? process.cwd()),
    ),
  ),
  run: unary(run),
  runPlugin,
});

// A host whose engine was killed is nobody's: it would wait on its port for ever.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 2000).unref();

server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
