import * as grpc from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { InitFailed } from "./provider";
import type { CheckFailure, Diff } from "./provider";
import { encode, withSecrets } from "./values";
import type { Path } from "./values";

/** An error as the engine reads it: one message, and what became of an object that exists all the same. */
export function failure(error: unknown): Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new grpc.Metadata();
  if (error instanceof InitFailed) {
    const detail = new pb.ErrorResourceInitFailed();
    detail.setId(error.id).setReasonsList(error.reasons);
    detail.setProperties(encode(error.state)).setInputs(encode(error.inputs));
    const any = new Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status();
    status.setCode(grpc.status.UNKNOWN).setMessage(message).addDetails(any);
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}

/** An object that did not become ready goes to the state like any other: its secrets stay secret. */
export const keepSecrets = (secrets: Path[]) => (error: unknown) => {
  if (!(error instanceof InitFailed)) throw error;
  const { id, state, inputs, reasons } = error;
  throw new InitFailed(id, withSecrets(state, secrets), withSecrets(inputs, secrets), reasons);
};

export const failures = (list: CheckFailure[] = []): pb.CheckFailure[] =>
  list.map(({ property, reason }) => new pb.CheckFailure().setProperty(property).setReason(reason));

const { Kind } = pb.PropertyDiff;
const kinds = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
} as const;

export function diffResponse(diff: Diff): pb.DiffResponse {
  const { DIFF_NONE, DIFF_SOME } = pb.DiffResponse.DiffChanges;
  const response = new pb.DiffResponse();
  response.setChanges(diff.changes ? DIFF_SOME : DIFF_NONE).setReplacesList(diff.replaces ?? []);
  response.setDeletebeforereplace(diff.deleteBeforeReplace ?? false);
  for (const [path, { kind, replace }] of Object.entries(diff.detailedDiff ?? {})) {
    const property = new pb.PropertyDiff().setKind(kinds[kind][replace ? 1 : 0]).setInputdiff(true);
    response.getDetaileddiffMap().set(path, property);
  }
  const paths = Object.keys(diff.detailedDiff ?? {});
  response.setHasdetaileddiff(paths.length > 0);
  response.setDiffsList([...new Set(paths.map((path) => path.split(/[.[]/, 1).join("")))]);
  return response;
}
