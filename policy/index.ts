import { PolicyPack } from "@pulumi/policy";

import { policies } from "./pack";
import { rules } from "./rules";

new PolicyPack("vibecode", {
  description: "What every object of the platform must keep to, and what a change must never take away",
  policies: policies(rules),
});
