import { InitFailed, hasUnknown } from "../server";
import type * as plugin from "../server";
import type { Call, PropertyMap } from "../server";
import { ApiError, Unreachable } from "./api";
import { NotReady, awaitReady, checkReady, skipsAwait, timeoutOf } from "./await";
import { Cluster } from "./cluster";
import { diffConfig, providerConfig, refusedOptions } from "./config";
import { diffInputs } from "./diff";
import { importedInputs, observedInputs } from "./drift";
import { withIgnored } from "./ignore";
import { appliedBy, fieldManager, guard, unsupported, withName, withNamespace } from "./inputs";
import { builtInKind } from "./kinds";
import { NoCluster, loadCluster } from "./kubeconfig";
import { at, describe } from "./objects";
import { idOf, parseId, previewState, stateOf } from "./state";

const isAway = (error: unknown): error is Error => error instanceof Unreachable || error instanceof NoCluster;

/** Real objects in a real cluster, by the rules of the official Kubernetes provider. */
export class Kubernetes implements plugin.Provider {
  readonly version = "4.34.2";
  private config = providerConfig.parse({});
  private connected: Cluster | undefined;
  /** Where objects without a namespace go; reading it from a kubeconfig for each of them takes its time. */
  private home: string | undefined;
  private warned = false;

  /** @param options.hasCluster false: none is ever asked, and nobody is warned of that. Default true */
  constructor(private readonly options: { hasCluster: boolean } = { hasCluster: true }) {}

  checkConfig(_olds: PropertyMap, news: PropertyMap) {
    return { inputs: news, failures: refusedOptions(news) };
  }

  diffConfig(olds: PropertyMap, news: PropertyMap): plugin.Diff {
    return diffConfig(olds, news);
  }

  configure(config: PropertyMap): Promise<void> {
    this.config = providerConfig.parse(config);
    this.connected = undefined;
    this.home = undefined;
    return Promise.resolve();
  }

  async check(request: plugin.CheckRequest, call: Call) {
    const { type, news } = request;
    if (this.isPlannedChart(type)) return { inputs: news };
    const failure = unsupported(type, news);
    if (failure) return { inputs: news, failures: [failure] };
    const named = withName(news, request);
    const isPlaced = at(named, "metadata", "namespace") !== undefined;
    const goesHome = !isPlaced && (await this.needsNamespace(named, call));
    return { inputs: guard(goesHome ? withNamespace(named, this.namespace()) : named) };
  }

  diff({ oldInputs, news }: plugin.DiffRequest): Promise<plugin.Diff> {
    const mutable = {
      configMap: this.config.enableConfigMapMutable,
      secret: this.config.enableSecretMutable,
      passUnknown: !this.options.hasCluster,
    };
    return Promise.resolve(diffInputs(oldInputs, news, mutable));
  }

  async create({ urn, type, inputs, preview, timeoutSeconds }: plugin.CreateRequest, call: Call) {
    if (this.isPlannedChart(type)) return { id: "", state: inputs };
    const manager = fieldManager(urn, inputs);
    if (preview) return { id: "", state: await this.previewCreate(inputs, manager, call) };
    const existing = await this.cluster().head(inputs, call);
    if (existing && at(existing, "metadata", "deletionTimestamp") !== undefined)
      await this.cluster().gone({ ...existing, ...pick(inputs) }, timeoutOf(inputs, timeoutSeconds), call);
    else if (existing) this.mayTake(inputs, existing, manager);
    const state = await this.apply(inputs, inputs, manager, timeoutSeconds, call);
    return { id: idOf(state), state };
  }

  async update(request: plugin.UpdateRequest, call: Call) {
    const { urn, type, news, olds, preview, ignoreChanges, timeoutSeconds } = request;
    if (this.isPlannedChart(type)) return { state: { ...olds, ...news } };
    const manager = fieldManager(urn, news, olds);
    const merged = { ...olds, ...news };
    if (preview && hasUnknown(news)) return { state: merged };
    try {
      const live = ignoreChanges.length > 0 ? await this.cluster().get(news, call) : undefined;
      const wanted = live ? withIgnored(news, live, ignoreChanges, manager) : news;
      if (!preview) return { state: await this.apply(wanted, news, manager, timeoutSeconds, call) };
      const { object } = await this.cluster().apply(wanted, { manager, rehearse: true, call });
      return { state: stateOf(object, manager) };
    } catch (error) {
      const isMissing = error instanceof ApiError && error.code === 404;
      if (preview && (isAway(error) || isMissing)) return { state: this.unrehearsed(merged, error, call) };
      if (!isAway(error) || !this.config.skipUpdateUnreachable) throw error;
      call.warn(`not updated: ${error.message}`);
      return { state: olds };
    }
  }

  async read({ id, urn, type, inputs, state }: plugin.ReadRequest, call: Call) {
    const imported = inputs["kind"] === undefined;
    const object = imported ? await this.fromId(type, id, call) : inputs;
    let live: PropertyMap | undefined;
    try {
      live = await this.cluster().get(object, call);
    } catch (error) {
      if (!isAway(error) || !this.config.deleteUnreachable) throw error;
      call.warn(`taken for deleted: ${error.message}`);
    }
    if (!live) return undefined;
    const manager = fieldManager(urn, object, state);
    const result = {
      id: idOf(live),
      inputs: guard(imported ? importedInputs(live) : observedInputs(inputs, live)),
      state: stateOf(live, manager),
    };
    if (imported) return result;
    try {
      await checkReady(this.cluster().api, await this.cluster().kind(live, call), live, call);
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      throw new InitFailed(result.id, result.state, result.inputs, error.reasons);
    }
    return result;
  }

  async delete({ inputs, state, timeoutSeconds }: plugin.DeleteRequest, call: Call) {
    const object = { ...inputs, ...state };
    try {
      await this.cluster().delete(object, timeoutOf(object, timeoutSeconds), !skipsAwait(object), call);
    } catch (error) {
      if (!isAway(error) || !this.config.deleteUnreachable) throw error;
      call.warn(`taken for deleted: ${error.message}`);
    }
  }

  /** A preview that asks nobody shows a chart as the program gives it; what is in it, only Helm would say. */
  private isPlannedChart(type: string): boolean {
    return !this.options.hasCluster && type === "kubernetes:helm.sh/v3:Release";
  }

  private cluster(): Cluster {
    if (!this.options.hasCluster) throw new NoCluster("no cluster is to be asked");
    this.connected ??= new Cluster(this.config);
    return this.connected;
  }

  private namespace(): string {
    try {
      return (this.home ??= this.config.namespace ?? loadCluster(this.config).namespace ?? "default");
    } catch {
      // Without a cluster a preview still shows where things go.
      return "default";
    }
  }

  private async needsNamespace(inputs: PropertyMap, call: Call): Promise<boolean> {
    const known = builtInKind(String(inputs["apiVersion"]), String(inputs["kind"]));
    if (known) return known.namespaced;
    try {
      return (await this.cluster().kind(inputs, call)).namespaced;
    } catch (error) {
      // A custom resource whose definition comes in the same run: nearly all of them are namespaced.
      if (isAway(error) || error instanceof ApiError) return true;
      throw error;
    }
  }

  /** An object that exists is taken over only from an earlier, interrupted run of the same resource. */
  private mayTake(inputs: PropertyMap, existing: PropertyMap, manager: string): void {
    if (this.config.upsertExistingObjects || appliedBy(existing, manager)) return;
    throw new Error(
      `${describe(inputs)} exists already, and this stack did not make it; delete it, import it by its id ` +
        `${idOf(inputs)}, or set upsertExistingObjects on the provider`,
    );
  }

  private async previewCreate(inputs: PropertyMap, manager: string, call: Call): Promise<PropertyMap> {
    if (hasUnknown(inputs)) return inputs;
    try {
      const existing = await this.cluster().head(inputs, call);
      // What a replacement deletes first is still there, and would refuse the change it is replaced for.
      if (existing) {
        this.mayTake(inputs, existing, manager);
        return previewState(inputs, inputs, manager);
      }
      const { object } = await this.cluster().apply(inputs, { manager, rehearse: true, call });
      return previewState(object, inputs, manager);
    } catch (error) {
      // The namespace or the kind comes in the same run.
      const comes = error instanceof ApiError && error.code === 404;
      if (!isAway(error) && !comes) throw error;
      return this.unrehearsed(previewState(inputs, inputs, manager), error, call);
    }
  }

  /** What a preview answers when the server could not be asked. */
  private unrehearsed(state: PropertyMap, error: Error, call: Call): PropertyMap {
    if (isAway(error) && !this.warned && this.options.hasCluster) {
      this.warned = true;
      call.warn(`this preview is not checked by the API server: ${error.message}`);
    }
    return state;
  }

  /** Applies what is wanted and waits until it works; `inputs` is what the state will keep. */
  private async apply(
    wanted: PropertyMap,
    inputs: PropertyMap,
    manager: string,
    timeoutSeconds: number,
    call: Call,
  ): Promise<PropertyMap> {
    const { object } = await this.cluster().apply(wanted, { manager, rehearse: false, call });
    try {
      const kind = await this.cluster().kind(object, call);
      const seconds = timeoutOf(object, timeoutSeconds);
      return stateOf(
        await awaitReady({ api: this.cluster().api, kind, live: object, seconds, call }),
        manager,
      );
    } catch (error) {
      // The object is there, whatever happened then: the state must know it.
      const live = error instanceof NotReady ? error.live : object;
      const reasons =
        error instanceof NotReady ? error.reasons : [error instanceof Error ? error.message : "failed"];
      throw new InitFailed(idOf(live), stateOf(live, manager), guard(inputs), reasons);
    }
  }

  private async fromId(type: string, id: string, call: Call): Promise<PropertyMap> {
    const [, version = "", kind = ""] = type.split(":");
    const object = { apiVersion: version.replace(/^core\//, ""), kind };
    const { name, namespace } = parseId(id);
    const inNamespace =
      namespace ?? ((await this.needsNamespace(object, call)) ? this.namespace() : undefined);
    return { ...object, metadata: { name, ...(inNamespace !== undefined && { namespace: inNamespace }) } };
  }
}

const pick = ({ apiVersion, kind }: PropertyMap): PropertyMap => ({ apiVersion, kind });
