import { serve } from "../server";
import { Kubernetes } from "./provider";

// A preview on a machine that must not ask the cluster, even where a kubeconfig knows it.
serve(new Kubernetes({ hasCluster: process.env["VIBECODE_NO_CLUSTER"] === undefined }));
