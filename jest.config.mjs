const swc = [
  "@swc/jest",
  { jsc: { target: "es2023", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
];

/** One jest project a layer: what needs nothing, and what needs the real cluster. */
const project = (displayName, extra = {}) => ({
  displayName,
  testMatch: [`<rootDir>/test/${displayName}/**/*.test.ts`],
  transform: { "^.+\\.ts$": swc },
  ...extra,
});

export default {
  projects: [project("unit"), project("plugins"), project("cluster"), project("browser")],
};
