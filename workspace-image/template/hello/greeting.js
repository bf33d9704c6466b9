/** The text of the page: `Hello, Ada!`. */
export function greeting(name) {
  return `Hello, ${name || "world"}!`;
}
