import { kindOf } from '../adapter/call-options.ts'
import { unobtrusiveClock } from './platform.ts'
import type { Push } from './store.ts'

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

export type Method = 'exchange' | 'read' | 'journal'

/** By which client, so that several of them can go the same way. */
export type Message = { readonly shortCircuit: string } & (
  | { readonly id: number; readonly ask: Method; readonly args: readonly unknown[] }
  | { readonly id: number; readonly abort: true }
  | { readonly watch: boolean }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ErrorText }
  | { readonly push: Push }
  | { readonly connected: boolean }
)

export interface ErrorText {
  readonly name: string
  readonly message: string
  readonly code?: string | undefined
}

/** A port, a worker or a channel has one of them, when the other end is gone. */
const ENDS = ['close', 'exit', 'disconnect']

/** What a `MessagePort` has beside. */
type DedicatedPort = Record<'close' | 'ref' | 'unref', () => void> & {
  listenerCount(event: string): number
}

/** What both ends have: they send, hear, and learn that the other one is gone. */
export class End {
  readonly #port: StorePort
  readonly #onMessage: (message: unknown) => void
  readonly #onEnd: () => void
  #keeps = false

  constructor(port: StorePort, onMessage: (message: Message) => void, onEnd: () => void) {
    const { postMessage, send } = Object(port) as Partial<StorePort>
    if (typeof postMessage !== 'function' && typeof send !== 'function') {
      throw new TypeError(`a store needs a port, a worker or a process, got ${kindOf(port)}`)
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
