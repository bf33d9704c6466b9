const swc = [
  "@swc/jest",
  { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
];

/** One jest project a layer: what needs nothing, what needs real programs, and what needs the real cluster. */
const project = (displayName, extra = {}) => ({
  displayName,
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  transform: { "^.+\\.ts$": swc },
  ...extra,
});

// Each asks for the cluster; the first one's setup starts it, the last one's teardown stops it.
const onCluster = {
  globalSetup: "<rootDir>/test/cluster/setup.ts",
  globalTeardown: "<rootDir>/test/cluster/teardown.ts",
};

export default {
  projects: [
    project("unit"),
    project("programs", { globalSetup: "<rootDir>/test/programs/setup.ts" }),
    project("plugins", onCluster),
    project("cluster", onCluster),
    project("browser", onCluster),
  ],
};
