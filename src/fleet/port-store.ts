import { unobtrusiveClock } from './platform.ts'
import type { ProcessReport } from './processes.ts'
import type { Answer, Ask, FleetReading, FleetStore, JournalEntry, Push } from './store.ts'

/**
 * One end of a way to another thread or process: a `MessagePort`, a `Worker` or `parentPort` of `node:worker_threads`, a
 * `Worker` of `node:cluster`, what `fork` returns, or `process`. Other messages may go the same way.
 */
export interface StorePort {
  // biome-ignore lint/suspicious/noExplicitAny: as Node declares them.
  on(event: string, listener: (...args: any[]) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: as Node declares them.
  off(event: string, listener: (...args: any[]) => void): unknown
  postMessage?(message: unknown): unknown
  send?(message: unknown, callback: (error: Error | null) => void): unknown
}

type Method = 'exchange' | 'read' | 'journal'

/** By which client, so that several of them can go the same way. */
type Message = { readonly shortCircuit: string } & (
  | { readonly id: number; readonly ask: Method; readonly args: readonly unknown[] }
  | { readonly id: number; readonly abort: true }
  | { readonly watch: boolean }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ErrorText }
  | { readonly push: Push }
  | { readonly connected: true }
)

interface ErrorText {
  readonly name: string
  readonly message: string
  readonly code?: string | undefined
}

/** A port, a worker or a channel has one of them, when the other end is gone. */
const ENDS = ['close', 'exit', 'disconnect']

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

/** What a `MessagePort` has beside. */
type DedicatedPort = Record<'close' | 'ref' | 'unref', () => void> & {
  listenerCount(event: string): number
}

/** What both ends have: they send, hear, and learn that the other one is gone. */
class End {
  readonly #port: StorePort
  readonly #onMessage: (message: unknown) => void
  readonly #onEnd: () => void
  #keeps = false

  constructor(port: StorePort, onMessage: (message: Message) => void, onEnd: () => void) {
    const { postMessage, send } = Object(port) as Partial<StorePort>
    if (typeof postMessage !== 'function' && typeof send !== 'function') {
      throw new TypeError(`a store needs a port, a worker or a process, got ${String(port)}`)
    }
    this.#port = port
    this.#onMessage = (message) => {
      if (isMessage(message)) onMessage(message)
    }
    this.#onEnd = onEnd
    port.on('message', this.#onMessage)
    for (const event of ENDS) port.on(event, onEnd)
    // Others that listen do so from the beginning.
    unobtrusiveClock.setTimer(0, () => this.keep(this.#keeps))
  }

  /** Whether something is awaited that keeps the thread alive. */
  keep(keeps: boolean): void {
    this.#keeps = keeps
    const { close, listenerCount, ref, unref } = this.#port as Partial<DedicatedPort>
    // Workers and processes are kept by more than their messages.
    if (close === undefined || listenerCount?.call(this.#port, 'message') !== 1) return
    ;(keeps ? ref : unref)?.call(this.#port)
  }

  post(message: Message, onError: (error: unknown) => void = () => {}): void {
    const port = this.#port
    try {
      if (port.postMessage !== undefined) port.postMessage(message)
      else port.send?.(message, (error) => error && onError(error))
    } catch (error) {
      onError(error)
    }
  }

  close(): void {
    this.#port.off('message', this.#onMessage)
    for (const event of ENDS) this.#port.off(event, this.#onEnd)
  }
}

function isMessage(message: unknown): message is Message {
  return typeof (message as Partial<Message> | null)?.shortCircuit === 'string'
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
  readonly #watchers = new Map<(push: Push) => void, () => void>()
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
    else if ('connected' in message) for (const tell of [...this.#watchers.values()]) tell()
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

  watch(onPush: (push: Push) => void, onConnect: () => void): AsyncDisposable {
    const hear = (push: Push): void => onPush(push)
    this.#watchers.set(hear, onConnect)
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
