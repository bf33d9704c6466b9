export { choosePulumi, type Choice } from "./choose";
export { openStack, stackExists, type LocalStack, type Outcome, type StackArgs } from "./engine";
export { preparePulumi, type Pulumi } from "./prepare";
