import { randomUUID } from 'node:crypto'
import type { CasStore, FleetStore, JournalEntry, ProcessStatus } from '../../src/fleet/index.ts'
import type { StoreTestBed } from '../../src/fleet/testing/index.ts'
import { turn } from './public.ts'

type OnChange = Parameters<NonNullable<CasStore['watch']>>[0]

interface Row {
  readonly bytes: Uint8Array
  readonly rev: string
  readonly expiresAt: number
}

const ABSENT = 'none'
/** Not what the tests replace: the clock of the engine is its own. */
const uptime = performance.now.bind(performance)

/** The data of an engine that can compare and swap, and what may befall it; `open` is one process's way to it. */
export class CasEngine {
  readonly rows: Map<string, Row> = new Map<string, Row>()
  readonly processes: Map<string, ProcessStatus> = new Map()
  readonly entries: JournalEntry[] = []
  now = (): number => 1_700_000_000_000 + uptime()
  nextRev: (before: string) => string = () => randomUUID()
  readonly #watchers = new Map<OnChange, () => void>()
  #thawed: Promise<void> = Promise.resolve()
  #thaw = (): void => {}

  open(): CasStore {
    return {
      load: async (name, signal) => {
        await this.#answer(signal)
        const { bytes = null, rev = ABSENT } = this.#row(name) ?? {}
        return { bytes, rev, nowMs: this.now() }
      },
      save: async (name, bytes, rev, ttlMs, signal, changes) => {
        await this.#answer(signal)
        if ((this.#row(name)?.rev ?? ABSENT) !== rev) return false
        this.rows.set(name, { bytes, rev: this.nextRev(rev), expiresAt: this.now() + ttlMs })
        for (const change of changes) this.entries.unshift({ id: randomUUID(), ...change })
        if (changes.length > 0) this.push(name, bytes)
        return true
      },
      note: async (report, signal) => {
        await this.#answer(signal)
        this.processes.set(report.process, { ...report, seenAt: this.now() })
      },
      read: async (names, signal) => {
        await this.#answer(signal)
        const all = [...this.rows.keys()].sort().filter((name) => names?.includes(name) ?? true)
        const records = all.flatMap((name) => {
          const row = this.#row(name)
          return row === undefined ? [] : [[name, row.bytes] as const]
        })
        return { nowMs: this.now(), processes: [...this.processes.values()], records }
      },
      journal: async (limit, signal) => {
        await this.#answer(signal)
        return this.entries.slice(0, limit)
      },
      watch: (onChange, onConnect) => {
        this.#watchers.set(onChange, onConnect)
        queueMicrotask(onConnect)
        return { [Symbol.asyncDispose]: async () => void this.#watchers.delete(onChange) }
      },
    }
  }

  /** As an engine over a network does, so that others come in between. */
  async #answer(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await turn()
    await this.#thawed
  }

  #row(name: string): Row | undefined {
    const row = this.rows.get(name)
    return row !== undefined && row.expiresAt > this.now() ? row : undefined
  }

  push(name: string, bytes: Uint8Array): void {
    for (const watcher of this.#watchers.keys()) {
      queueMicrotask(() => {
        if (this.#watchers.has(watcher)) watcher(name, bytes, this.now())
      })
    }
  }

  /** Nobody hears of changes any more. */
  close(): void {
    this.#watchers.clear()
  }

  lose(): void {
    this.rows.clear()
  }

  cut(): void {
    for (const onConnect of this.#watchers.values()) queueMicrotask(onConnect)
  }

  freeze(): void {
    this.#thawed = new Promise((resolve) => {
      this.#thaw = resolve
    })
  }

  thaw(): void {
    this.#thaw()
  }
}

/** An engine for one case of the conformance kit. */
export function engineBed(open: (engine: CasEngine) => CasStore | FleetStore): StoreTestBed {
  const engine = new CasEngine()
  return {
    open: () => open(engine),
    lose: () => engine.lose(),
    cut: () => engine.cut(),
    freeze: () => engine.freeze(),
    thaw: () => engine.thaw(),
  }
}
