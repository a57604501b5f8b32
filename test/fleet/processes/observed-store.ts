import type { Answer, Ask, FleetStore, ProcessReport, Push } from '../../../src/fleet/index.ts'
import type { ProcessEvent } from './history.ts'

/** A store that tells what is said to it, and what it says. */
export class ObservedStore implements FleetStore {
  readonly #store: FleetStore
  readonly #tell: (event: ProcessEvent) => void
  #asks = 0
  /** The lease that was granted last. */
  lease: string | undefined

  constructor(store: FleetStore, tell: (event: ProcessEvent) => void) {
    this.#store = store
    this.#tell = tell
  }

  async exchange(
    asks: readonly Ask[],
    signal: AbortSignal,
    process?: ProcessReport,
  ): Promise<readonly Answer[]> {
    const numbered = asks.map((ask) => ({ n: ++this.#asks, ask }))
    for (const { n, ask } of numbered) {
      const { known, report, lease, renew, result, command } = ask
      const overrides =
        command?.kind === 'override' ? (command.mode ?? ('none' as const)) : undefined
      const said = { known, report, lease, renew, result: result?.lease, command: overrides }
      this.#tell({ kind: 'ask', n, ...said })
    }
    const answers = await this.#store.exchange(asks, signal, process)
    for (const [i, { n, ask }] of numbered.entries()) {
      const { registers, fleet, granted, refused } = answers[i] as Answer
      if (granted) this.lease = ask.lease
      this.#tell({ kind: 'answer', n, registers, fleet, granted, refused })
    }
    return answers
  }

  watch(onPush: (push: Push) => void, onConnect: () => void): AsyncDisposable {
    const watch = this.#store.watch?.((push) => {
      this.#tell({ kind: 'push', registers: push.registers })
      onPush(push)
    }, onConnect)
    return watch as AsyncDisposable
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#store[Symbol.asyncDispose]()
  }
}
