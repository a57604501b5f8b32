import { type By, breakersBy, guardOnce } from '../adapter/breakers-by.ts'
import { callOptionsOf, checkAdapterOptions, untilOf } from '../adapter/call-options.ts'
import { watchBody } from '../adapter/request-body.ts'
import {
  type CircuitBreaker,
  type CircuitFullError,
  type CircuitOpenError,
  isCircuitFullError,
  isCircuitOpenError,
} from '../index.ts'
import type { Classifier } from '../outcomes/classifier.ts'
import { http } from '../outcomes/http.ts'
import { retryAfterOf } from '../outcomes/http-retry-after.ts'
import { guardBody } from './guard-body.ts'
import { isInvalidRequest } from './invalid-request.ts'

/** Any `fetch`: that of a platform, of undici, of a framework. */
// biome-ignore lint/suspicious/noExplicitAny: each has types of its own.
type AnyFetch = (input: any, init?: any) => Promise<any>

type Rejection = CircuitOpenError | CircuitFullError

/** What {@link guardFetch} takes. */
export interface GuardFetchOptions<F extends AnyFetch = typeof fetch> {
  /**
   * What makes the requests.
   * @defaultValue `globalThis.fetch`, as it is at each call
   */
  readonly fetch?: F | undefined
  /**
   * What has a breaker of its own, when the first argument is a registry. `undefined` for a request that
   * is not to be guarded.
   * @defaultValue the origin: scheme, host and port
   */
  readonly key?: ((url: URL, init: Parameters<F>[1]) => string | undefined) | undefined
  /**
   * What the names of breakers begin with, when the first argument is a registry.
   * @defaultValue `'fetch'`
   */
  readonly name?: string | undefined
  /**
   * Until when a request that was answered goes on: `'headers'`, or `'body'`, so that a body that dies
   * has failed. A reader who leaves the body has succeeded, and so has one who does not look at it.
   * @defaultValue `'headers'`
   */
  readonly until?: 'headers' | 'body' | undefined
  /**
   * What becomes of a request that was rejected without being made. `'throw'`: a `CircuitOpenError` or
   * `CircuitFullError`. `'response'`: a 503 that tells SDKs not to try again. A function returns the
   * response.
   * @defaultValue `'throw'`
   */
  readonly rejection?:
    | 'throw'
    | 'response'
    | ((error: Rejection, url: URL) => Awaited<ReturnType<F>>)
    | undefined
  /** Says what the end of a request means; where it returns `undefined`, the breaker and `http` do. */
  readonly classify?: Classifier | undefined
}

/**
 * Returns a `fetch` whose requests go through a breaker: by a `CircuitBreaker`, one for all of them; by a
 * `CircuitRegistry`, one for each origin.
 *
 * A response with 408, 5xx but 501 and 505, or 429 with a time to come back, has failed, and is returned
 * all the same; `Retry-After` is honoured. A request ends on the wire when `callTimeout` is over or its
 * caller aborts, also while its body is read. A request counts when its headers are there, or with `until:
 * 'body'` when its body has ended; then `callTimeout` is for each part of it. The breaker's `fallback` stands
 * in where there is no response. Only `http:` and `https:` are guarded.
 *
 * @throws TypeError for a first argument or option that is wrong, and for a `fetch` that is guarded by the same
 * breaker or registry already
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { guardFetch } from 'short-circuit/fetch'
 *
 * const breaker = new CircuitBreaker({ name: 'users', maxFailures: 1, callTimeout: 2_000 })
 * const busy: typeof fetch = async () => new Response('busy', { status: 503 })
 * const guarded = guardFetch(breaker, { fetch: busy })
 * console.assert((await guarded('https://api.example/users')).status === 503)
 * console.assert(breaker.state === 'open')
 */
export function guardFetch<F extends AnyFetch = typeof fetch>(
  by: By,
  options: GuardFetchOptions<F> = {},
): F {
  checkAdapterOptions('guardFetch', options, {
    fetch: 'function',
    key: 'function',
    name: 'string',
    until: 'string',
    rejection: 'string or function',
    classify: 'function',
  })
  const { fetch: given, key = origin, name = 'fetch', rejection = 'throw', classify } = options
  const stream = untilOf(options) === 'body' ? guardBody : undefined
  if (typeof rejection === 'string' && rejection !== 'throw' && rejection !== 'response') {
    throw new TypeError(`rejection must be "throw", "response" or a function, got "${rejection}"`)
  }
  const breakerOf = breakersBy('guardFetch', by, name, ({ url, init }: Target) => key(url, init))
  const invalid = new WeakSet<object>()
  const usual: Classifier = (settled) =>
    settled.status === 'rejected' && invalid.has(settled.reason as object)
      ? 'cancelled'
      : http(settled)
  const callOptions = callOptionsOf(classify, usual, retryAfterOf)

  const below: AnyFetch = given ?? globalThis.fetch
  /**
   * The signals of requests that are being made, with what was asked for: Node stops following the signal of a
   * `Request` that it has collected, also while the body is read.
   */
  const sent = new WeakMap<AbortSignal, unknown>()

  const guarded = async (input: unknown, init?: RequestInit): Promise<unknown> => {
    // Now, because what instruments or mocks it may come later.
    const send: AnyFetch = given ?? globalThis.fetch
    // It is the global one itself, or a part of it.
    if (given === undefined && init?.signal && sent.has(init.signal)) return below(input, init)
    const url = urlOf(input)
    const breaker = url && breakerOf({ url, init })
    if (url === undefined || breaker === undefined) return send(input, init)
    const signal = signalOf(input, init)
    const call = { ...callOptions(breaker), signal, stream }
    try {
      return await breaker.run(async (own) => {
        sent.set(own, input)
        const { body, hasFailed } = watchBody(init?.body ?? (input as Partial<Request>).body)
        // Not that of a Request, which is sent by itself.
        const given = init?.body ? { ...init, body: body as RequestInit['body'] } : init
        try {
          return await send(input, { ...given, signal: own })
        } catch (error) {
          if (hasFailed() || isInvalidRequest(error, url, init)) invalid.add(error as object)
          throw error
        }
      }, call)
    } catch (error) {
      if (rejection === 'throw' || !isRejectionOf(breaker, error)) throw error
      return rejection === 'response' ? unavailable(error) : rejection(error, url)
    }
  }
  guardOnce('guardFetch', below, guarded, by, name)
  if (given !== undefined) {
    Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(given as object))
  }
  return guarded as never
}

interface Target {
  readonly url: URL
  readonly init: RequestInit | undefined
}

function origin({ origin }: URL): string {
  return origin
}

/** Where the request goes; `undefined` unless by HTTP. */
function urlOf(input: unknown): URL | undefined {
  try {
    const { url = input } = input as { url?: unknown }
    const base = (globalThis as { location?: { href: string } }).location?.href
    const parsed = new URL(String(url), base)
    return /^https?:$/.test(parsed.protocol) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** The caller's, which `null` takes away from a `Request`. */
function signalOf(input: unknown, init: RequestInit | undefined): AbortSignal | undefined {
  const own = init?.signal
  const signal = own === undefined ? (input as Partial<Request>).signal : own
  return signal ?? undefined
}

function isRejectionOf({ name }: CircuitBreaker<unknown>, error: unknown): error is Rejection {
  return (isCircuitOpenError(error) || isCircuitFullError(error)) && error.breaker === name
}

/**
 * Without Retry-After: clients that obey it would sleep. The two headers keep the SDKs of OpenAI, Anthropic
 * and Stripe from trying again.
 */
function unavailable({ message, code }: Rejection): Response {
  const error = { message, type: 'circuit_open', code }
  const headers = { 'x-should-retry': 'false', 'stripe-should-retry': 'false' }
  return Response.json({ error }, { status: 503, headers })
}
