/**
 * Settles the promise that it is resolved with one microtask later, by rejecting it. Cheaper than
 * throwing from a reaction, and the caller's handler is attached by the time it happens, so that
 * the runtime's bookkeeping of unhandled rejections has nothing to do, yet misses none.
 */
export class Rejection {
  readonly error: unknown
  /** Whether a fallback may stand in for it. */
  readonly replaceable: boolean

  constructor(error: unknown, replaceable = false) {
    this.error = error
    this.replaceable = replaceable
  }

  // biome-ignore lint/suspicious/noThenProperty: being a thenable is its purpose.
  then(_resolve: unknown, reject: (error: unknown) => void): void {
    reject(this.error)
  }
}

export function rejectWith(error: unknown): Promise<never> {
  return Promise.resolve(new Rejection(error)) as Promise<never>
}
