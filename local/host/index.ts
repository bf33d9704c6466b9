export { ensurePackages, missingPackages } from "./apt";
export {
  autheliaPackages,
  clusterPackages,
  imagePackages,
  packages,
  testPackages,
  type PackageName,
} from "./packages";
export { findOnPath, onPath } from "./path";
export { portProblem } from "./ports";
export { diskProblem, preflight, requireDisk, type Needs } from "./preflight";
export { run, type Ran, type RunOptions } from "./run";
