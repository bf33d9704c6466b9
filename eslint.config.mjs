import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config({ ignores: ["node_modules/", "coverage/"] }, eslint.configs.recommended, {
  files: ["**/*.ts"],
  extends: [tseslint.configs.strictTypeChecked],
  languageOptions: {
    parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
  },
  rules: {
    // Numbers print the same everywhere; an Output in a template string is what the rule must catch.
    "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
  },
});
