import type { Permit } from '../index.ts'
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

/** Ends a request that was not made, a microtask later as undici does. */
export function rejectByHandler(handler: Handler, error: unknown): void {
  queueMicrotask(() => {
    if (isCurrent(handler)) handler.onResponseError?.(null, error)
    else handler.onError?.(error)
  })
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
): Handler {
  const call = new GuardedRequest(permit, classify)
  return isCurrent(handler) ? current(handler, call) : legacy(handler, call)
}

class GuardedRequest {
  readonly permit: Permit
  readonly #classify: Classifier | undefined
  /** Given up by whoever made the request, with that reason. */
  #left: { readonly reason: unknown } | undefined = undefined

  constructor(permit: Permit, classify: Classifier | undefined) {
    this.permit = permit
    this.#classify = classify
  }

  /** `abort` ends the request on the wire. */
  begun(abort: Abort): void {
    const { signal } = this.permit
    if (signal.aborted) abort(signal.reason)
    else signal.addEventListener('abort', () => abort(signal.reason), { once: true })
  }

  left(reason: unknown): void {
    this.#left ??= { reason }
  }

  answered(statusCode: number, headers: unknown): void {
    // What comes before the answer says nothing.
    if (statusCode < 200 && statusCode !== 101) return
    const value = { statusCode, headers: named(headers) }
    const outcome = this.#classify?.({ status: 'fulfilled', value })
    if (this.#classify === undefined || (outcome !== undefined && outcome !== 'success')) {
      this.permit.success(value)
    } else this.permit.deliver()
  }

  ended(): void {
    this.permit.success()
  }

  failed(error: unknown): void {
    if (this.#left === undefined || isDeadline(this.#left.reason)) this.permit.failure(error)
    else this.permit.cancel()
  }
}

/** Of `AbortSignal.timeout`. */
function isDeadline(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
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

function current(handler: Handler, call: GuardedRequest): Handler {
  return {
    ...others(handler),
    onRequestStart(controller, context) {
      call.begun((reason) => controller.abort(reason))
      handler.onRequestStart?.(controller, context)
    },
    onRequestUpgrade(controller, status, headers, socket) {
      call.answered(status, headers)
      call.ended()
      handler.onRequestUpgrade?.(controller, status, headers, socket)
    },
    onResponseStart(controller, status, headers, text) {
      call.answered(status, headers)
      handler.onResponseStart?.(controller, status, headers, text)
    },
    onResponseData(controller, chunk) {
      handler.onResponseData?.(controller, chunk)
    },
    onResponseEnd(controller, trailers) {
      call.ended()
      handler.onResponseEnd?.(controller, trailers)
    },
    onResponseError(controller, error) {
      if (controller?.aborted) call.left(controller.reason)
      call.failed(error)
      handler.onResponseError?.(controller, error)
    },
  }
}

function legacy(handler: Handler, call: GuardedRequest): Handler {
  return {
    ...others(handler),
    onConnect(abort, context) {
      call.begun(abort)
      const leave: Abort = (reason) => {
        call.left(reason)
        abort(reason)
      }
      handler.onConnect?.(leave, context)
    },
    onUpgrade(status, headers, socket) {
      call.answered(status, headers)
      call.ended()
      handler.onUpgrade?.(status, headers, socket)
    },
    onResponseStarted() {
      handler.onResponseStarted?.()
    },
    onHeaders(status, headers, resume, text) {
      call.answered(status, headers)
      return handler.onHeaders?.(status, headers, resume, text) ?? true
    },
    onData(chunk) {
      return handler.onData?.(chunk) ?? true
    },
    onComplete(trailers) {
      call.ended()
      handler.onComplete?.(trailers)
    },
    onError(error) {
      call.failed(error)
      handler.onError?.(error)
    },
  }
}
