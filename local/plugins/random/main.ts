import { generatedProvider } from "../generated/provider";
import { serve } from "../server";
import { kinds } from "./kinds";

serve(generatedProvider("random", "4.21.2", kinds));
