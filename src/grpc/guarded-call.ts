import type { CircuitOpenError, Permit } from '../index.ts'

// biome-ignore lint/suspicious/noExplicitAny: handed on as they are.
type Any = any

/** What interceptors of grpc-js return. */
interface Call {
  start(metadata: Metadata, listener?: Listener): void
  startRead(): void
  sendMessage(message: Any): void
  sendMessageWithContext(context: MessageContext, message: Any): void
  halfClose(): void
  cancelWithStatus(code: number, details: string): void
  getPeer(): string
  getAuthContext?(): Any
}

interface MessageContext {
  /** Of the stream that writes. */
  readonly callback?: (() => void) | undefined
}

interface Listener {
  onReceiveMetadata?(metadata: Metadata): void
  onReceiveMessage?(message: Any): void
  onReceiveStatus?(status: Status): void
}

interface Ending {
  readonly code: number
  readonly details: string
  readonly cause?: unknown
}

interface Status extends Ending {
  readonly metadata: Metadata
}

interface Metadata {
  set(key: string, value: string): void
}

const OK = 0
const CANCELLED = 1
const DEADLINE_EXCEEDED = 4
const UNAVAILABLE = 14

const NAMES =
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'

/** Returns the permits of calls whose stream was dropped before its end, where the runtime tells. */
const droppedCalls =
  typeof FinalizationRegistry === 'function'
    ? /* @__PURE__ */ new FinalizationRegistry<Permit>((permit) => permit.cancel())
    : undefined

/**
 * A call that is admitted and begins when it is started: what comes before this interceptor may never do so.
 * There is no call below until then, because one that is not started keeps the timer of its deadline.
 */
export class GuardedCall implements Call {
  readonly #admit: () => Permit
  readonly #create: () => Call
  /** Whether there may be many responses. */
  readonly #streams: boolean
  #call: Call | undefined = undefined
  #permit: Permit | undefined = undefined
  #listener: Listener = {}
  #metadata: Metadata | undefined = undefined
  /** What was asked for before the start. */
  #waiting: ((call: Call) => void)[] = []
  /** How the call was cancelled before the start. */
  #left: Ending | undefined = undefined
  /** Its caller knows how the call ended, or is about to. */
  #ended = false
  /** The caller has asked for the first response. */
  #reading = false
  /** The first response, until the caller asks for it. */
  #first: { readonly message: unknown } | undefined = undefined
  /** How a call ended whose first response is unread. */
  #unreadEnd: Status | undefined = undefined
  #delivered = false
  /** The only response. */
  #response: { readonly message: unknown } | undefined = undefined

  constructor(admit: () => Permit, create: () => Call, streams: boolean) {
    this.#admit = admit
    this.#create = create
    this.#streams = streams
  }

  start(metadata: Metadata, listener: Listener = {}): void {
    this.#metadata = metadata
    this.#listener = listener
    if (this.#left !== undefined) {
      this.#end(this.#left)
      return
    }
    let permit: Permit
    try {
      permit = this.#admit()
    } catch (error) {
      this.#reject(error as CircuitOpenError)
      return
    }
    this.#permit = permit
    permit.signal.addEventListener('abort', this.#onTimeout, { once: true })
    try {
      this.#begin(metadata)
    } catch (error) {
      permit.cancel()
      throw error
    }
  }

  #begin(metadata: Metadata): void {
    const call = this.#create()
    this.#call = call
    call.start(metadata, {
      onReceiveMetadata: (received) => {
        if (!this.#ended) this.#listener.onReceiveMetadata?.(received)
      },
      onReceiveMessage: (message) => this.#receive(message),
      onReceiveStatus: (status) => this.#receiveStatus(status),
    })
    // Whether or not the caller reads: that the server answers is seen by the first response.
    if (this.#streams) call.startRead()
    for (const operation of this.#waiting) operation(call)
    this.#waiting = []
  }

  #receive(message: unknown): void {
    if (this.#ended) return
    if (this.#streams && !this.#delivered) {
      this.#delivered = true
      if (!this.#reading) {
        // A caller who has not begun to read by now may never do so.
        this.#permit?.success()
        this.#first = { message }
        return
      }
      this.#deliver()
      // `null` stands for the response that an only one is not.
    } else if (message !== null) this.#response = { message }
    this.#listener.onReceiveMessage?.(message)
  }

  /** From now on the permit may not refer to this, so that it is noticed when a stream is dropped. */
  #deliver(): void {
    const permit = this.#permit as Permit
    permit.deliver()
    permit.signal.removeEventListener('abort', this.#onTimeout)
    droppedCalls?.register(this, permit)
  }

  #receiveStatus(status: Status): void {
    if (this.#ended) return
    this.#settle(status)
    // grpc-js does not tell of an end before all is read, unless it is an error.
    if (this.#first !== undefined && status.code === OK) this.#unreadEnd = status
    else {
      this.#ended = true
      this.#listener.onReceiveStatus?.(status)
    }
  }

  #settle(status: Ending): void {
    const permit = this.#permit as Permit
    if (status.code !== OK) permit.failure(errorOf(status))
    else if (this.#response === undefined || this.#streams) permit.success()
    else permit.success(this.#response.message)
  }

  readonly #onTimeout = (): void => {
    const { reason } = (this.#permit as Permit).signal
    this.#interrupt({ code: DEADLINE_EXCEEDED, details: reason.message, cause: reason })
  }

  cancelWithStatus(code: number, details: string): void {
    const ending = { code, details }
    if (this.#metadata === undefined) this.#left ??= ending
    if (this.#call === undefined || this.#ended) return
    if (code === CANCELLED) this.#permit?.cancel()
    else this.#settle(ending)
    this.#interrupt(ending)
  }

  /** What is below may not tell of the end, where an interceptor has not started its call yet. */
  #interrupt(ending: Ending): void {
    this.#call?.cancelWithStatus(ending.code, ending.details)
    this.#end(ending)
  }

  #reject(error: CircuitOpenError): void {
    const metadata = this.#emptyMetadata()
    const { message, retryAfter } = error
    if (retryAfter !== undefined) metadata.set('grpc-retry-pushback-ms', String(retryAfter))
    this.#end({ code: UNAVAILABLE, details: message, cause: error }, metadata)
  }

  #end(ending: Ending, metadata = this.#emptyMetadata()): void {
    this.#ended = true
    queueMicrotask(() => {
      if (!this.#streams) this.#listener.onReceiveMessage?.(null)
      this.#listener.onReceiveStatus?.({ ...ending, metadata })
    })
  }

  /** Of the same copy of grpc-js. */
  #emptyMetadata(): Metadata {
    const { constructor: Empty } = this.#metadata as Metadata
    return new (Empty as new () => Metadata)()
  }

  startRead(): void {
    if (!this.#streams || (this.#delivered && this.#first === undefined)) {
      this.#do((call) => call.startRead())
      return
    }
    this.#reading = true
    if (this.#first === undefined || this.#ended) return
    const { message } = this.#first
    this.#first = undefined
    this.#listener.onReceiveMessage?.(message)
    const status = this.#unreadEnd
    if (status !== undefined) queueMicrotask(() => this.#receiveStatus(status))
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message)
  }

  sendMessageWithContext(context: MessageContext, message: unknown): void {
    this.#do(
      (call) => call.sendMessageWithContext(context, message),
      // Of a rejected call: its stream goes on writing until it hears of that.
      () => queueMicrotask(() => context.callback?.()),
    )
  }

  halfClose(): void {
    this.#do((call) => call.halfClose())
  }

  #do(operation: (call: Call) => void, otherwise?: () => void): void {
    if (this.#metadata === undefined) this.#waiting.push(operation)
    else if (this.#call !== undefined) operation(this.#call)
    else otherwise?.()
  }

  getPeer(): string {
    return this.#call?.getPeer() ?? 'unknown'
  }

  getAuthContext(): unknown {
    return this.#call?.getAuthContext?.() ?? null
  }
}

function errorOf({ code, details, ...rest }: Ending): Error {
  return Object.assign(new Error(`${code} ${NAMES.split(' ')[code]}: ${details}`), {
    code,
    details,
    ...rest,
  })
}
