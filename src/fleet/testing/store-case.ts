import {
  ConformanceError,
  insist,
  notApplicable,
  requireFeatures,
} from '../../testing/conformance/conformance-case.ts'
import { type CasStore, casStore, type FleetStore } from '../index.ts'
import { CHANGE } from './asks.ts'
import type { StoreAdapter, StoreFeature, StoreTestBed } from './store-adapter.ts'

/** One thing that a store has to get right. */
export interface StoreCase {
  /** Stable: `S1` and so on for what all stores have to do, `E1` and so on for a `CasStore`. */
  readonly id: string
  /** The situation, as a sentence. */
  readonly title: string
  /** The right answer, as a sentence. */
  readonly expects: string
  /** The case is not applicable to a store that lacks one of these. */
  readonly requires: readonly StoreFeature[]
  /**
   * Runs the case with a new store, within a bounded real time.
   *
   * @throws ConformanceError with what was observed, when the answer is wrong.
   * @throws NotApplicableError when the store or the adapter lacks what it takes.
   */
  run(adapter: StoreAdapter): Promise<void>
}

interface CaseDefinition extends Omit<StoreCase, 'run'> {
  check(stores: Stores): Promise<void>
}

export function defineCase({ check, ...about }: CaseDefinition): StoreCase {
  return {
    ...about,
    async run(adapter) {
      requireFeatures(adapter, about.requires)
      const bed = await adapter.setUp()
      const stores = new Stores(bed)
      try {
        await check(stores)
      } finally {
        await stores.close()
        await bed.tearDown?.()
      }
    },
  }
}

/** How long a store has for what it does by itself, ms. */
const PATIENCE = 10_000

/** Fails unless it settles in time. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const error = new ConformanceError(`${what} took more than ${PATIENCE / 1000} s`)
    timer = setTimeout(() => reject(error), PATIENCE)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Asks again and again until it is so. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  let ended = false
  const poll = async (): Promise<void> => {
    while (!ended && !(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await within(what, poll()).finally(() => {
    ended = true
  })
}

/** Fails unless it rejects in time, with that very reason. */
export async function rejectsWith(reason: Error, promise: Promise<unknown>): Promise<void> {
  const settled = promise.then(
    () => 'with an answer',
    (error: unknown) => error,
  )
  const end = await within('the answer', settled)
  insist(end === reason, `it ended ${end instanceof Error ? `with ${end}` : end}`)
}

/** The stores of several processes, on the same data. */
export class Stores {
  readonly bed: StoreTestBed
  readonly #opened: FleetStore[] = []

  constructor(bed: StoreTestBed) {
    this.bed = bed
  }

  async open(): Promise<FleetStore> {
    const store = await this.bed.open()
    const opened = 'exchange' in store ? store : casStore(store)
    this.#opened.push(opened)
    return opened
  }

  async engine(): Promise<CasStore> {
    const store = await this.bed.open()
    if ('load' in store) return store
    return notApplicable('the store decides by itself')
  }

  /** A member of the test bed that the case can't do without. */
  need<K extends 'cut' | 'freeze' | 'lose'>(feature: K): NonNullable<StoreTestBed[K]> {
    const member = this.bed[feature] ?? notApplicable(`the adapter does not provide ${feature}`)
    return member.bind(this.bed) as NonNullable<StoreTestBed[K]>
  }

  async putNewer(name: string): Promise<void> {
    if (this.bed.putNewer !== undefined) {
      await this.bed.putNewer(name)
      return
    }
    const store = await this.bed.open()
    if (!('load' in store)) return notApplicable('the adapter does not provide putNewer')
    const { signal } = new AbortController()
    const { rev } = await store.load(name, signal)
    const bytes = new TextEncoder().encode('{"schema":2,"registers":"of another kind"}')
    insist(
      await store.save(name, bytes, rev, Infinity, signal, [CHANGE]),
      'the engine did not save',
    )
  }

  async close(): Promise<void> {
    await this.bed.thaw?.()
    await Promise.all(this.#opened.map((store) => store[Symbol.asyncDispose]()))
  }
}
