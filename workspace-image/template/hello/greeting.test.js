import { equal } from "node:assert/strict";
import { test } from "node:test";
import { greeting } from "./greeting.js";

test("greets by name", () => {
  equal(greeting("Ada"), "Hello, Ada!");
});

test("greets the world where there is no name", () => {
  equal(greeting(""), "Hello, world!");
});
