import { type CancelReason, TestRunner } from 'vitest'

/** Loads no more files once a test has failed: the mutant is killed, and to load the others takes most of the time. */
// biome-ignore lint/style/noDefaultExport: Vitest looks for the runner there.
export default class extends TestRunner {
  #cancelled = false

  override cancel(reason: CancelReason): void {
    this.#cancelled = true
    super.cancel(reason)
  }

  override importFile(path: string, source: 'collect' | 'setup'): unknown {
    return this.#cancelled ? undefined : super.importFile(path, source)
  }
}
