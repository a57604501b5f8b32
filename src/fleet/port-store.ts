import { End, type ErrorText, type Message, type Method, type StorePort } from './port-end.ts'
import type { ProcessReport } from './processes.ts'
import type { Answer, Ask, FleetReading, FleetStore, JournalEntry, Push } from './store.ts'

/**
 * Has a thread or a process use the store of this one, by `portStore` at the other end. Ends by itself with the other end;
 * dispose of it to end it before.
 *
 * @throws TypeError if it is no port
 * @example
 * import { MessageChannel } from 'node:worker_threads'
 * import { memoryStore, portStore, serveStore } from 'short-circuit/fleet'
 *
 * const { port1, port2 } = new MessageChannel()
 * serveStore(memoryStore(), port1)
 * const store = portStore(port2) // in the worker, which was given the port
 * const { signal } = new AbortController()
 * console.assert((await store.exchange([], signal)).length === 0)
 */
export function serveStore(store: FleetStore, port: StorePort): Disposable {
  const server = new Server(store, port)
  return { [Symbol.dispose]: () => server.end() }
}

/**
 * The store that is served by `serveStore` at the other end of a port. A `MessagePort` without other listeners keeps
 * its thread alive only while an answer is awaited.
 *
 * @throws TypeError if it is no port
 * @example
 * import { shared, portStore, type StorePort } from 'short-circuit/fleet'
 *
 * export const fleetOf = (port: StorePort) => shared(portStore(port)) // parentPort, or process in a cluster
 */
export function portStore(port: StorePort): FleetStore {
  return new PortStore(port)
}

class Server {
  readonly #store: FleetStore
  readonly #end: End
  readonly #asked = new Map<string, AbortController>()
  readonly #watches = new Map<string, AsyncDisposable>()

  constructor(store: FleetStore, port: StorePort) {
    this.#store = store
    this.#end = new End(
      port,
      (message) => this.#hear(message),
      () => this.end(),
    )
  }

  #hear(message: Message): void {
    const { shortCircuit } = message
    if ('ask' in message) void this.#answer(shortCircuit, message.id, message.ask, message.args)
    else if ('abort' in message) this.#asked.get(`${shortCircuit} ${message.id}`)?.abort()
    else if ('watch' in message) this.#watch(shortCircuit, message.watch)
  }

  async #answer(of: string, id: number, ask: Method, args: readonly unknown[]): Promise<void> {
    const key = `${of} ${id}`
    const control = new AbortController()
    this.#asked.set(key, control)
    try {
      const answer = await this.#ask(ask, args, control.signal)
      this.#end.post({ shortCircuit: of, id, answer })
    } catch (error) {
      this.#end.post({ shortCircuit: of, id, error: textOf(error) })
    } finally {
      this.#asked.delete(key)
    }
  }

  async #ask(ask: Method, [first, report]: readonly unknown[], signal: AbortSignal) {
    const store = this.#store
    if (ask === 'exchange') {
      const said = (report ?? undefined) as ProcessReport | undefined
      return store.exchange(first as readonly Ask[], signal, said)
    }
    if (ask === 'read') return store.read?.((first ?? undefined) as string[], signal)
    return store.journal?.(first as number, signal)
  }

  #watch(of: string, isBegin: boolean): void {
    const watch = this.#watches.get(of)
    this.#watches.delete(of)
    void watch?.[Symbol.asyncDispose]()
    if (!isBegin) return
    const begun = this.#store.watch?.(
      (push) => this.#end.post({ shortCircuit: of, push }),
      () => this.#end.post({ shortCircuit: of, connected: true }),
      () => this.#end.post({ shortCircuit: of, connected: false }),
    )
    if (begun !== undefined) this.#watches.set(of, begun)
  }

  end(): void {
    this.#end.close()
    for (const control of this.#asked.values()) control.abort()
    for (const of of [...this.#watches.keys()]) this.#watch(of, false)
  }
}

class PortStore implements FleetStore {
  /** This one among those that go the same way. */
  readonly #name = Math.random().toString(36)
  readonly #end: End
  readonly #pending = new Map<
    number,
    { resolve(answer: unknown): void; reject(error: unknown): void }
  >()
  readonly #watchers = new Map<(push: Push) => void, (connected: boolean) => void>()
  #count = 0
  #isGone = false

  constructor(port: StorePort) {
    this.#end = new End(
      port,
      (message) => this.#hear(message),
      () => this.#close(),
    )
  }

  #hear(message: Message): void {
    if (message.shortCircuit !== this.#name) return
    if ('answer' in message) this.#pending.get(message.id)?.resolve(message.answer)
    else if ('error' in message) this.#pending.get(message.id)?.reject(errorOf(message.error))
    else if ('push' in message) for (const hear of [...this.#watchers.keys()]) hear(message.push)
    else if ('connected' in message) this.#tell(message.connected)
  }

  #tell(connected: boolean): void {
    for (const tell of [...this.#watchers.values()]) tell(connected)
  }

  exchange(
    asks: readonly Ask[],
    signal: AbortSignal,
    report?: ProcessReport,
  ): Promise<readonly Answer[]> {
    return this.#ask('exchange', [asks, report], signal)
  }

  read(names: readonly string[] | undefined, signal: AbortSignal): Promise<FleetReading> {
    return this.#ask('read', [names], signal)
  }

  journal(limit: number, signal: AbortSignal): Promise<readonly JournalEntry[]> {
    return this.#ask('journal', [limit], signal)
  }

  async #ask<T>(ask: Method, args: readonly unknown[], signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#isGone) throw new Error('the other end of the port is closed')
    const id = ++this.#count
    const shortCircuit = this.#name
    let abort = (): void => {}
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#pending.set(id, { resolve: resolve as (answer: unknown) => void, reject })
        this.#end.keep(true)
        abort = () => {
          reject(signal.reason)
          this.#end.post({ shortCircuit, id, abort: true })
        }
        signal.addEventListener('abort', abort)
        this.#end.post({ shortCircuit, id, ask, args }, reject)
      })
    } finally {
      signal.removeEventListener('abort', abort)
      this.#pending.delete(id)
      if (this.#pending.size === 0) this.#end.keep(false)
    }
  }

  watch(
    onPush: (push: Push) => void,
    onConnect: () => void,
    onLost: () => void = () => {},
  ): AsyncDisposable {
    const hear = (push: Push): void => onPush(push)
    this.#watchers.set(hear, (connected) => (connected ? onConnect : onLost)())
    this.#end.post({ shortCircuit: this.#name, watch: true })
    return {
      [Symbol.asyncDispose]: async () => {
        if (this.#watchers.delete(hear) && this.#watchers.size === 0) {
          this.#end.post({ shortCircuit: this.#name, watch: false })
        }
      },
    }
  }

  #close(): void {
    this.#isGone = true
    this.#end.close()
    const gone = new Error('the other end of the port is closed')
    for (const { reject } of this.#pending.values()) reject(gone)
    this.#tell(false)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#watchers.size > 0) this.#end.post({ shortCircuit: this.#name, watch: false })
    this.#watchers.clear()
    this.#close()
  }
}

function textOf(error: unknown): ErrorText {
  const { name = 'Error', message = String(error), code } = Object(error) as Partial<ErrorText>
  return { name, message, code: typeof code === 'string' ? code : undefined }
}

function errorOf({ name, message, code }: ErrorText): Error {
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code })
}
