type Inspect = (value: unknown, options: object) => string

/** Lets `console.log` show objects of a class as their `toJSON` does, in Node, Bun and Deno. */
export function printAsJson(className: string, prototype: { toJSON(): unknown }): void {
  Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: typeof prototype, depth: number, options: object, inspect: Inspect): string {
      return depth < 0 ? `[${className}]` : `${className} ${inspect(this.toJSON(), options)}`
    },
  })
}
