import { serve } from "../server";
import { Kubernetes } from "./provider";

serve(new Kubernetes());
