import type { Circuit } from '../circuit/circuit.ts'

/**
 * Waits until `limit` calls back that the time is up: then it rejects with that reason and tells what is
 * waited for to stop. `limit` returns what stops its timer.
 */
export function waitAtMost<T>(
  circuit: Circuit,
  limit: (expired: (reason: unknown) => void) => (() => void) | undefined,
  wait: () => Promise<T>,
  stop: () => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let ended: (() => void) | undefined
    const stopTimer = limit((reason) => {
      ended = circuit.abandon()
      reject(reason)
      // Its errors are ignored: the stream has failed already.
      new Promise((resolve) => resolve(stop())).catch(() => {})
    })
    const settled = wait().finally(() => {
      stopTimer?.()
      ended?.()
    })
    settled.then(resolve, reject)
  })
}
