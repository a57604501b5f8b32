import { changeOf } from './journal.ts'
import { unobtrusiveClock } from './platform.ts'
import { Processes } from './processes.ts'
import { breakerOf } from './reading.ts'
import type { FleetRecord } from './record.ts'
import { step } from './step.ts'
import type { FleetStore, JournalEntry, Push } from './store.ts'

type Watcher = (push: Push) => void

/** So many entries of the journal are kept. */
const MOST_ENTRIES = 1_000

/**
 * A store within one process, for tests and simulations: the breakers of all that are given it are one fleet.
 *
 * @param now reads its clock, in ms
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { memoryStore, shared } from 'short-circuit/fleet'
 *
 * const store = memoryStore()
 * const a = new CircuitBreaker({ name: 'users', shared: shared(store) })
 * const b = new CircuitBreaker({ name: 'users', shared: shared(store) })
 * console.assert(a.state === 'closed' && b.state === 'closed')
 */
export function memoryStore(now: () => number = unobtrusiveClock.wall): FleetStore {
  const records = new Map<string, FleetRecord>()
  const watchers = new Set<Watcher>()
  const processes = new Processes()
  const journal: JournalEntry[] = []
  let entries = 0
  return {
    async exchange(asks, signal, report) {
      signal.throwIfAborted()
      const nowMs = Math.floor(now())
      if (report !== undefined) processes.note(report, nowMs)
      const pushes: Push[] = []
      const answers = asks.map((ask) => {
        const { name } = ask
        const { record, answer, changes } = step(records.get(name), ask, nowMs, watchers.size)
        records.set(name, record)
        for (const change of changes) {
          journal.push({ id: String(++entries), ...changeOf(name, nowMs, change) })
          if (journal.length > MOST_ENTRIES) journal.shift()
        }
        if (changes.length > 0) pushes.push({ name, nowMs, registers: record.registers })
        return answer
      })
      // One that hears of it may ask at once.
      queueMicrotask(() => {
        for (const push of pushes) for (const watcher of [...watchers]) watcher(push)
      })
      return answers
    },
    watch(onPush, onConnect) {
      const watcher: Watcher = (push) => onPush(push)
      watchers.add(watcher)
      queueMicrotask(onConnect)
      return { [Symbol.asyncDispose]: async () => void watchers.delete(watcher) }
    },
    async read(names, signal) {
      signal.throwIfAborted()
      const nowMs = Math.floor(now())
      const breakers = [...(names ?? records.keys())].flatMap((name) => {
        const record = records.get(name)
        return record === undefined ? [] : [breakerOf(name, record, nowMs)]
      })
      return { nowMs, processes: processes.list(nowMs), breakers }
    },
    async journal(limit, signal) {
      signal.throwIfAborted()
      return journal.slice(-limit).reverse()
    },
    async [Symbol.asyncDispose]() {},
  }
}
