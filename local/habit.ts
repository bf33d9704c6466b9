/** How a person types a habit for a stack: `make password USER=alice STACK=team`. */
export function habit(words: string, stack: string): string {
  return stack === "local" ? `make ${words}` : `make ${words} STACK=${stack}`;
}
