import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { stackSchema } from "./config";

writeFileSync(join(__dirname, "../stacks/schema.json"), `${JSON.stringify(stackSchema(), undefined, 2)}\n`);
