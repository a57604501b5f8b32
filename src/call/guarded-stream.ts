import type { Circuit } from '../circuit/circuit.ts'
import { runInContext } from '../circuit/probe-context.ts'
import type { Settled } from '../core/outcome.ts'
import { CallTimeoutError } from '../errors.ts'
import type { AbortListener } from './abort-listeners.ts'
import { abortedByCaller } from './caller-signal.ts'
import { droppedStreams } from './dropped-streams.ts'
import {
  type EmittingStream,
  ENDINGS,
  isEmittingStream,
  listenTo,
  watch,
} from './emitting-stream.ts'
import { follow } from './follow.ts'
import { GuardedIterator } from './guarded-iterator.ts'
import { inNextTurn } from './next-turn.ts'
import type { Settlement } from './settlement.ts'
import {
  type Iterator,
  isWebStream,
  rejectingIterator,
  type Source,
  stopSource,
} from './stream-iterators.ts'
import { isIteratorOf, proxyStream } from './stream-proxy.ts'
import { timeLimit } from './timeout-queue.ts'
import { waitAtMost } from './wait-at-most.ts'
import { webIterator, webStream, webStreamType } from './web-stream.ts'

/**
 * The stream of one admitted call. It settles with the first end that shows: of the stream, by the
 * caller, or by the garbage collector.
 */
export class GuardedStream implements AbortListener {
  settlement: Settlement
  /** For the function that returns the stream. */
  readonly args: readonly unknown[]
  readonly #circuit: Circuit
  /** While this exists, the caller may still read. Nothing that outlives it may refer to it. */
  #target: object | undefined
  #source: Source | undefined
  /** The caller has begun to read. */
  #reading = false
  /** It was still unread a turn after it was handed out. */
  #unread = false
  /** The caller has ended the stream. */
  #left = false
  /** Ends the time limit for the first event of a stream that is only listened to. */
  #stopWaiting: (() => void) | undefined

  constructor(circuit: Circuit, settlement: Settlement, args: readonly unknown[] = []) {
    this.#circuit = circuit
    this.args = args
    this.settlement = settlement
  }

  /** The iterator of a stream that begins now, read by way of `target`, or else of itself, alone. */
  iterateLazily(start: () => Source, target?: object): Iterator {
    this.#reading = true
    inNextTurn(this.#circuit.clock, this)
    const iterator = this.#iterate(start)
    this.#target = target ?? iterator
    return iterator
  }

  /** Runs a part of the action. */
  run<T>(fn: () => T): T {
    return runInContext(this.#circuit, this.settlement.permit, fn)
  }

  #iterate(start: () => Source): Iterator {
    try {
      const source = this.run(start)
      return new GuardedIterator(this, source[Symbol.asyncIterator](), source)
    } catch (reason) {
      this.end({ status: 'rejected', reason })
      return rejectingIterator(reason)
    }
  }

  /** What the caller receives: the stream, guarded. */
  handOut(source: Source): Source {
    this.#source = source
    inNextTurn(this.#circuit.clock, this)
    const view = this.#view(source)
    if (isWebStream(source)) this.#target = view
    else if (isEmittingStream(source)) this.#listen(source)
    return view
  }

  /** The stream as the caller reads it. */
  #view(source: Source): Source {
    if (!isWebStream(source)) return this.#proxy(source)
    if (source.locked) return source
    return webStream(
      new GuardedIterator(this, webIterator(source), source),
      webStreamType(source),
    ) as never
  }

  get over(): boolean {
    return this.settlement.settled
  }

  /** Unread, it has succeeded; otherwise it is noticed from now on when it is dropped. */
  onNextTurn(): void {
    if (this.#reading) this.#noticeDrop()
    else if (this.#left) this.leave()
    else {
      this.#unread = true
      this.settlement.presume(this.#source)
    }
  }

  #noticeDrop(): void {
    const { settlement } = this
    if (this.#target === undefined || settlement.settled) return
    droppedStreams?.register(this.#target, settlement)
  }

  /** The caller begins to read. False if it has begun before. */
  read(): boolean {
    if (this.#reading) return false
    this.#reading = true
    if (!this.#unread || this.#left) return true
    // It has succeeded already: from now on it is a call by itself, if one would pass.
    const circuit = this.#circuit
    if (!circuit.machine.wouldAdmit(circuit.clock.now())) return true
    const permit = circuit.admitInParts(this.#callTimeout)
    if (typeof permit === 'string') return true
    this.settlement = this.settlement.continue(permit)
    this.#noticeDrop()
    return true
  }

  /** A part of the answer is there. */
  deliver(): void {
    this.#stopWaiting?.()
    this.settlement.deliver()
  }

  end(settled: Settled, timedOut = false): void {
    this.#stopWaiting?.()
    // Many end without an error when they are aborted.
    const aborted =
      !timedOut &&
      (this.#begun || settled.status === 'fulfilled') &&
      abortedByCaller(this.settlement.signal)
    if (this.#left || aborted) this.leave()
    else this.settlement.settle(settled, timedOut)
  }

  /** The caller aborts it, whose result has it as a part. */
  onAbort(reason: unknown): void {
    this.settlement.own?.abort(reason)
    this.end({ status: 'rejected', reason })
  }

  /** A part of the answer is there, and its caller does not wait for the first part of its rest. */
  get #begun(): boolean {
    const { delivered, answer } = this.settlement
    return delivered || (answer !== undefined && !this.#reading)
  }

  /** The caller leaves it. */
  leave(): void {
    this.#stopWaiting?.()
    // What had been buffered before is read without an event.
    if (this.#begun || (this.#source as Partial<EmittingStream> | undefined)?.readableDidRead)
      this.settlement.deliver()
    this.settlement.leave()
  }

  #proxy(source: Source): Source {
    let guarded: Iterator | undefined
    let awaited: Promise<unknown> | undefined
    return proxyStream(source, {
      iterate: () => {
        // The permit is that of the first pass.
        if (guarded !== undefined) {
          return isIteratorOf(source) ? guarded : source[Symbol.asyncIterator]()
        }
        guarded = this.#iterate(() => source)
        this.#target ??= guarded
        return guarded
      },
      wait: () => {
        awaited ??= this.#await(source as never)
        return awaited
      },
      leave: () => {
        this.#left = true
        if (this.#reading) this.leave()
      },
      listen: (event) => {
        // Those of Node wait until they are read, and tell when that begins.
        if ('readableFlowing' in source) return
        this.read()
        if (ENDINGS.has(event) || !isEmittingStream(source)) return
        // Which of its events bring an item, and which comes once, is not known: others may take any time.
        this.#stopWaiting ??= this.#limit(() => stopSource(source).catch(() => {}))
        source.on(event, () => this.deliver())
      },
      view: (stream) => this.#view(stream),
      follow: (result) => {
        if (!this.read()) return
        result.then(
          (value) => this.end({ status: 'fulfilled', value }),
          (reason) => this.end({ status: 'rejected', reason }),
        )
      },
    })
  }

  /** For a promise that can be iterated as well, which the caller awaits. */
  #await(promise: PromiseLike<unknown>): Promise<unknown> {
    this.read()
    const { onFulfilled, onRejected } = this.settlement
    const plain = new Promise((resolve, reject) => void promise.then(resolve, reject))
    return follow(onFulfilled, onRejected, plain)
  }

  /** The end of a stream with events is heard, however it is read. */
  #listen(source: EmittingStream): void {
    this.#target = source
    const { errored, destroyed, readableEnded } = source
    if (errored) this.end({ status: 'rejected', reason: errored })
    else if (destroyed || readableEnded) this.end({ status: 'fulfilled', value: source })
    else {
      listenTo(source, {
        onRead: (event) => {
          if (!this.read()) return
          const arrived = (): void => this.deliver()
          watch(source, event, arrived, () => this.#limit((reason) => source.destroy?.(reason)))
        },
        onEnd: () => this.end({ status: 'fulfilled', value: undefined }),
        onError: (reason) => {
          this.read()
          this.end({ status: 'rejected', reason })
        },
        onLeft: () => this.leave(),
        onClose: (ended) => {
          if (ended || !this.#reading) this.leave()
          else this.end({ status: 'rejected', reason: new Error('the stream closed early') })
        },
      })
    }
  }

  /** How long the caller waits for the next item; a probe has a limit in any case. */
  get timeout(): number | undefined {
    const { permit, settled, delivered } = this.settlement
    if (settled) return undefined
    return delivered ? this.#callTimeout : this.#circuit.timeLimit(permit, this.#callTimeout)
  }

  get #callTimeout(): number | undefined {
    return this.settlement.call?.timeout ?? this.#circuit.options.callTimeout
  }

  /** Waits no longer than the call timeout; then fails the stream and tells its source to end. */
  limited<T>(wait: () => Promise<T>, stop: () => unknown): Promise<T> {
    if (this.timeout === undefined) return wait()
    return waitAtMost(this.#circuit, (expired) => this.#limit(expired), wait, stop)
  }

  /** Fails the stream after the call timeout, then calls `expired`. Returns what stops the timer. */
  #limit(expired: (reason: CallTimeoutError) => unknown): (() => void) | undefined {
    const { name, clock } = this.#circuit
    const timeout = this.timeout
    if (timeout === undefined) return undefined
    return timeLimit(clock, timeout, () => {
      const reason = new CallTimeoutError(name, timeout)
      this.end({ status: 'rejected', reason }, true)
      this.settlement.own?.abort(reason)
      expired(reason)
    })
  }
}
