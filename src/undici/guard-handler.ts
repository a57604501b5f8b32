import { isCallTimeoutError, type Permit } from '../index.ts'
import type { Classifier } from '../outcomes/classifier.ts'

// biome-ignore lint/suspicious/noExplicitAny: handed on as they are.
type Any = any

/** A handler of undici 7 and 8, or one of earlier versions: each has methods of its own. */
export interface Handler {
  onRequestStart?(controller: Controller, context: Any): void
  onRequestUpgrade?(controller: Controller, status: number, headers: Any, socket: Any): void
  onResponseStart?(controller: Controller, status: number, headers: Any, text?: string): void
  onResponseData?(controller: Controller, chunk: Any): void
  onResponseEnd?(controller: Controller, trailers: Any): void
  onResponseError?(controller: Controller | null, error: Any): void

  onConnect?(abort: Abort, context?: Any): void
  onError?(error: Any): void
  onUpgrade?(status: number, headers: Any, socket: Any): void
  onResponseStarted?(): void
  onHeaders?(status: number, headers: Any, resume: () => void, text?: string): boolean
  onData?(chunk: Any): boolean
  onComplete?(trailers: Any): void

  onBodySent?(...args: Any[]): Any
  onRequestSent?(...args: Any[]): Any
}

interface Controller {
  readonly aborted?: boolean
  readonly reason?: unknown
  abort(reason: Error): void
}

type Abort = (reason?: Any) => void

/** Not of another version of the package. */
type TimedPermit = Permit & { restartTimeout?(): void }

/** Ends a request that was not made, a microtask later as undici does. */
export function rejectByHandler(handler: Handler, error: unknown): void {
  queueMicrotask(() => fail(handler, error))
}

/** Of a request that has not begun, and so has no controller. */
function fail(handler: Handler, error: unknown): void {
  if (isCurrent(handler)) handler.onResponseError?.(null, error)
  else handler.onError?.(error)
}

function isCurrent(handler: Handler): boolean {
  return typeof handler.onRequestStart === 'function'
}

/**
 * A handler that tells the permit how the request ends, and the other one everything. With `classify`, an
 * answer that is no failure goes on until its body has ended.
 */
export function guardHandler(
  handler: Handler,
  permit: Permit,
  classify: Classifier | undefined,
  hasFailed: () => boolean,
): Handler {
  const call = new GuardedRequest(handler, permit, classify, hasFailed)
  return { ...others(handler), ...(isCurrent(handler) ? current(call) : legacy(call)) }
}

class GuardedRequest {
  /** It is told everything, and replaced by one without methods when a request that has not begun is given up. */
  handler: Handler
  readonly permit: Permit
  readonly #classify: Classifier | undefined
  /** Whether what it sends has failed by itself. */
  readonly #hasFailed: () => boolean
  #abort: Abort | undefined = undefined
  /** Answered, and still without a part of the body that it lasts for. */
  #lasts = false
  /** Given up by the caller, with that reason. */
  #left: { readonly reason: unknown } | undefined = undefined

  constructor(
    handler: Handler,
    permit: Permit,
    classify: Classifier | undefined,
    hasFailed: () => boolean,
  ) {
    this.handler = handler
    this.permit = permit
    this.#classify = classify
    this.#hasFailed = hasFailed
    const { signal } = permit
    signal.addEventListener('abort', () => this.#end(signal.reason), { once: true })
  }

  #end(reason: unknown): void {
    if (this.#abort !== undefined) {
      this.#abort(reason)
      return
    }
    // It waits for a connection, maybe for long: its caller need not wait as well.
    const { handler } = this
    this.handler = {}
    fail(handler, reason)
  }

  /** `abort` ends the request on the wire. */
  begun(abort: Abort): void {
    this.#abort = abort
    const { signal } = this.permit
    if (signal.aborted) abort(signal.reason)
  }

  left(reason: unknown): void {
    this.#left ??= { reason }
  }

  /** Tells the other handler. What it throws ends the request, and is nothing that the target has done. */
  tell<T>(told: (handler: Handler) => T): T {
    try {
      return told(this.handler)
    } catch (error) {
      this.left(undefined)
      throw error
    }
  }

  answered(statusCode: number, headers: unknown): void {
    // What comes before the answer says nothing.
    if (statusCode < 200 && statusCode !== 101) return
    const value = { statusCode, headers: named(headers) }
    this.#lasts = this.#isSuccess(value)
    if (this.#lasts) (this.permit as TimedPermit).restartTimeout?.()
    else this.permit.success(value)
  }

  /** False also where that cannot be told, so that the permit asks, and reports what is wrong. */
  #isSuccess(value: unknown): boolean {
    try {
      const outcome = this.#classify?.({ status: 'fulfilled', value }) ?? 'success'
      return this.#classify !== undefined && outcome === 'success'
    } catch {
      return false
    }
  }

  /** A part of the body. */
  received(): void {
    if (this.#lasts) this.permit.deliver()
    this.#lasts = false
  }

  ended(): void {
    this.permit.success()
  }

  failed(error: unknown): void {
    if (this.#hasFailed()) this.permit.cancel()
    else if (this.#left === undefined || isDeadline(this.#left.reason)) this.permit.failure(error)
    else this.permit.cancel()
  }
}

/** Of `AbortSignal.timeout`, or of another breaker. */
function isDeadline(reason: unknown): boolean {
  return isCallTimeoutError(reason) || (reason instanceof Error && reason.name === 'TimeoutError')
}

/** Headers by name: earlier versions hand them over as a list of names and values. */
function named(headers: unknown): unknown {
  if (!Array.isArray(headers)) return headers
  const byName: Record<string, string> = {}
  for (let i = 0; i + 1 < headers.length; i += 2) {
    byName[String(headers[i]).toLowerCase()] = String(headers[i + 1])
  }
  return byName
}

/** Those that say nothing about the end. */
function others(handler: Handler): Handler {
  const { onBodySent, onRequestSent } = handler
  return {
    ...(onBodySent && { onBodySent: (...args) => onBodySent.apply(handler, args) }),
    ...(onRequestSent && { onRequestSent: (...args) => onRequestSent.apply(handler, args) }),
  }
}

function current(call: GuardedRequest): Handler {
  return {
    onRequestStart(controller, context) {
      // As it is now: an interceptor may put another one in its place, which ends nothing.
      call.begun(controller.abort.bind(controller))
      call.tell((handler) => handler.onRequestStart?.(controller, context))
    },
    onRequestUpgrade(controller, status, headers, socket) {
      call.answered(status, headers)
      call.ended()
      call.handler.onRequestUpgrade?.(controller, status, headers, socket)
    },
    onResponseStart(controller, status, headers, text) {
      call.answered(status, headers)
      call.tell((handler) => handler.onResponseStart?.(controller, status, headers, text))
    },
    onResponseData(controller, chunk) {
      call.received()
      call.tell((handler) => handler.onResponseData?.(controller, chunk))
    },
    onResponseEnd(controller, trailers) {
      call.ended()
      call.handler.onResponseEnd?.(controller, trailers)
    },
    onResponseError(controller, error) {
      if (controller?.aborted) call.left(controller.reason)
      call.failed(error)
      call.handler.onResponseError?.(controller, error)
    },
  }
}

function legacy(call: GuardedRequest): Handler {
  return {
    onConnect(abort, context) {
      call.begun(abort)
      const leave: Abort = (reason) => {
        call.left(reason)
        abort(reason)
      }
      call.tell((handler) => handler.onConnect?.(leave, context))
    },
    onUpgrade(status, headers, socket) {
      call.answered(status, headers)
      call.ended()
      call.handler.onUpgrade?.(status, headers, socket)
    },
    onResponseStarted() {
      call.tell((handler) => handler.onResponseStarted?.())
    },
    onHeaders(status, headers, resume, text) {
      call.answered(status, headers)
      return call.tell((handler) => handler.onHeaders?.(status, headers, resume, text)) ?? true
    },
    onData(chunk) {
      call.received()
      return call.tell((handler) => handler.onData?.(chunk)) ?? true
    },
    onComplete(trailers) {
      call.ended()
      call.handler.onComplete?.(trailers)
    },
    onError(error) {
      call.failed(error)
      call.handler.onError?.(error)
    },
  }
}
