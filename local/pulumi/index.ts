export { choosePulumi, type Choice } from "./choose";
export { openStack, stackExists, type LocalStack, type Outcome, type Plan, type StackArgs } from "./engine";
export { offlinePulumi, openOffline, type Offline } from "./offline";
export { policyArgs } from "./policy";
export { preparePulumi, type Pulumi } from "./prepare";
