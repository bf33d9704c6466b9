import { isDeepStrictEqual } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import type { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { diffResponse, failure, failures, keepSecrets } from "./answers";
import type { Call, Provider } from "./provider";
import { decode, encode } from "./values";

export * from "./provider";
export * from "./values";

// A whole chart's rendered objects pass the 4 MiB that gRPC allows unless told.
const channelOptions = {
  "grpc.max_receive_message_length": 400 * 1024 * 1024,
  "grpc.max_send_message_length": -1,
};

/** The engine's log: its address is the only argument a plugin gets, or comes later by `attach`. */
class Engine {
  private client: EngineClient | undefined;

  attach(address: string): void {
    this.client = new EngineClient(address, grpc.credentials.createInsecure(), channelOptions);
  }

  log(severity: LogSeverity, urn: string, message: string, ephemeral: boolean): void {
    const request = new LogRequest();
    request.setSeverity(severity).setUrn(urn).setMessage(message).setEphemeral(ephemeral);
    // A lost line of progress must not fail the operation it is about.
    this.client?.log(request, () => undefined);
  }
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
          callback(failure(error), null);
        },
      );
  };

/** The engine's protocol on one side, a {@link Provider} on the other. */
function methods(provider: Provider, engine: Engine): grpc.UntypedServiceImplementation {
  const cancelled = new AbortController();
  const call = (urn: string): Call => ({
    signal: cancelled.signal,
    status: (message) => {
      engine.log(LogSeverity.INFO, urn, message, true);
    },
    warn: (message) => {
      engine.log(LogSeverity.WARNING, urn, message, false);
    },
  });
  interface Named {
    getUrn(): string;
    getType(): string;
    getName(): string;
  }
  // The engine leaves type and name out of some requests; the URN always holds both.
  const named = (request: Named) => {
    const [, , types = "", ...name] = request.getUrn().split("::");
    const type = request.getType() || types.slice(types.lastIndexOf("$") + 1);
    return { urn: request.getUrn(), type, name: request.getName() || name.join("::") };
  };

  return {
    attach: unary((request: PluginAttach) => {
      engine.attach(request.getAddress());
      return new Empty();
    }),
    cancel: unary(() => {
      cancelled.abort(new Error("interrupted"));
      return new Empty();
    }),
    getPluginInfo: unary(() => new PluginInfo().setVersion(provider.version)),
    getSchema: unary(() => new pb.GetSchemaResponse().setSchema("{}")),
    checkConfig: unary((request: pb.CheckRequest) => {
      const news = decode(request.getNews());
      const result = provider.checkConfig?.(decode(request.getOlds()).properties, news.properties);
      return new pb.CheckResponse()
        .setInputs(encode(result?.inputs ?? news.properties, news.secrets))
        .setFailuresList(failures(result?.failures));
    }),
    diffConfig: unary((request: pb.DiffRequest) => {
      const olds = decode(request.hasOldInputs() ? request.getOldInputs() : request.getOlds()).properties;
      const news = decode(request.getNews()).properties;
      return diffResponse(provider.diffConfig?.(olds, news) ?? { changes: !isDeepStrictEqual(olds, news) });
    }),
    configure: unary(async (request: pb.ConfigureRequest) => {
      await provider.configure?.(decode(request.getArgs()).properties, call(""));
      return new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
    }),
    invoke: unary(async (request: pb.InvokeRequest) => {
      const token = request.getTok();
      if (!provider.invoke) throw new Error(`the offline plugin does not support the function ${token}`);
      const args = decode(request.getArgs());
      return new pb.InvokeResponse().setReturn(
        encode(await provider.invoke(token, args.properties, call(""))),
      );
    }),
    construct: unary((request: pb.ConstructRequest) => {
      throw new Error(`the offline plugin does not support the component ${request.getType()}`);
    }),
    call: unary((request: pb.CallRequest) => {
      throw new Error(`the offline plugin does not support the method ${request.getTok()}`);
    }),
    check: unary(async (request: pb.CheckRequest) => {
      const news = decode(request.getNews());
      const result = await provider.check(
        {
          ...named(request),
          // Few look at what was.
          get olds() {
            return decode(request.getOlds()).properties;
          },
          news: news.properties,
          randomSeed: request.getRandomseed_asU8(),
        },
        call(request.getUrn()),
      );
      // Most are taken as they came.
      const same = result.inputs === news.properties ? request.getNews() : undefined;
      return new pb.CheckResponse()
        .setInputs(same ?? encode(result.inputs, news.secrets))
        .setFailuresList(failures(result.failures));
    }),
    diff: unary(async (request: pb.DiffRequest) =>
      diffResponse(
        await provider.diff(
          {
            ...named(request),
            id: request.getId(),
            oldInputs: decode(request.getOldInputs()).properties,
            // The largest of the three, which few look at.
            get olds() {
              return decode(request.getOlds()).properties;
            },
            news: decode(request.getNews()).properties,
            ignoreChanges: request.getIgnorechangesList(),
          },
          call(request.getUrn()),
        ),
      ),
    ),
    create: unary(async (request: pb.CreateRequest) => {
      const inputs = decode(request.getProperties());
      const { id, state } = await provider
        .create(
          {
            ...named(request),
            inputs: inputs.properties,
            preview: request.getPreview(),
            timeoutSeconds: request.getTimeout(),
          },
          call(request.getUrn()),
        )
        .catch(keepSecrets(inputs.secrets));
      return new pb.CreateResponse().setId(id).setProperties(encode(state, inputs.secrets));
    }),
    read: unary(async (request: pb.ReadRequest) => {
      const inputs = decode(request.getInputs());
      const state = decode(request.getProperties());
      const secrets = [...inputs.secrets, ...state.secrets];
      const result = await provider
        .read(
          { ...named(request), id: request.getId(), inputs: inputs.properties, state: state.properties },
          call(request.getUrn()),
        )
        .catch(keepSecrets(secrets));
      if (!result) return new pb.ReadResponse();
      return new pb.ReadResponse()
        .setId(result.id)
        .setInputs(encode(result.inputs, secrets))
        .setProperties(encode(result.state, secrets));
    }),
    update: unary(async (request: pb.UpdateRequest) => {
      const news = decode(request.getNews());
      const { state } = await provider
        .update(
          {
            ...named(request),
            id: request.getId(),
            oldInputs: decode(request.getOldInputs()).properties,
            olds: decode(request.getOlds()).properties,
            news: news.properties,
            preview: request.getPreview(),
            timeoutSeconds: request.getTimeout(),
            ignoreChanges: request.getIgnorechangesList(),
          },
          call(request.getUrn()),
        )
        .catch(keepSecrets(news.secrets));
      return new pb.UpdateResponse().setProperties(encode(state, news.secrets));
    }),
    delete: unary(async (request: pb.DeleteRequest) => {
      await provider.delete(
        {
          ...named(request),
          id: request.getId(),
          inputs: decode(request.getOldInputs()).properties,
          state: decode(request.getProperties()).properties,
          timeoutSeconds: request.getTimeout(),
        },
        call(request.getUrn()),
      );
      return new Empty();
    }),
  };
}

/** A plugin whose engine was killed is nobody's: it would wait on its port for ever. */
function exitWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, 2000).unref();
}

/** Serves a provider to the engine that started this process: prints the port, as the engine expects. */
export function serve(provider: Provider): void {
  const engine = new Engine();
  const address = process.argv.slice(2).find((argument) => /^[^-].*:\d+$/.test(argument));
  if (address !== undefined) engine.attach(address);
  const server = new grpc.Server(channelOptions);
  server.addService(ResourceProviderService, methods(provider, engine));
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) {
      process.stderr.write(`cannot listen on loopback: ${error.message}\n`);
      process.exit(1);
    }
    process.stdout.write(`${port}\n`);
  });
  exitWithParent();
}
