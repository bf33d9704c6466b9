import { generatedProvider } from "../generated/provider";
import { serve } from "../server";
import { kinds } from "./kinds";

serve(generatedProvider("tls", "5.6.1", kinds()));
