import * as pulumi from "@pulumi/pulumi";

import "./traces";
import { parseConfig } from "./config";
import { platform } from "./platform";
import { surroundings } from "./surroundings";

/** The program: checks the stack's config before the first object is touched, then makes the platform. */
export = async () => platform(parseConfig(pulumi.runtime.allConfig(), await surroundings()));
