import { serve } from "../server";
import { previewOnly } from "./provider";

serve(previewOnly());
