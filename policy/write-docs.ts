import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { policyPage } from "./docs";
import { rules } from "./rules";

writeFileSync(join(__dirname, "../docs/policy.md"), policyPage(rules));
