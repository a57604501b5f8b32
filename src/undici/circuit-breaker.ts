import { type By, breakersBy, guardedTwice, isBreaker } from '../adapter/breakers-by.ts'
import { callOptionsOf, checkAdapterOptions, untilOf } from '../adapter/call-options.ts'
import { watchBody } from '../adapter/request-body.ts'
import type { CircuitBreaker } from '../index.ts'
import type { Classifier } from '../outcomes/classifier.ts'
import { http } from '../outcomes/http.ts'
import { retryAfterOf } from '../outcomes/http-retry-after.ts'
import { guardHandler, type Handler, rejectByHandler } from './guard-handler.ts'

/** What undici is told of a request. */
export interface RequestOptions {
  readonly origin?: string | URL | undefined
  readonly path?: string | undefined
  readonly method?: string | undefined
  readonly signal?: unknown
  readonly body?: unknown
  readonly bodyTimeout?: number | null | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: each version of undici has types of its own.
type Dispatch = (options: any, handler: any) => boolean

/** What {@link circuitBreaker} takes. */
export interface CircuitBreakerInterceptorOptions {
  /**
   * What has a breaker of its own, when the first argument is a registry. `undefined` for a request that
   * is not to be guarded.
   * @defaultValue the origin: scheme, host and port
   */
  readonly key?: ((options: RequestOptions) => string | undefined) | undefined
  /**
   * What the names of breakers begin with, when the first argument is a registry.
   * @defaultValue `'undici'`
   */
  readonly name?: string | undefined
  /**
   * Until when a request that was answered goes on: `'headers'`, or `'body'`, so that a body that dies
   * has failed. Then `callTimeout` is for each part of it.
   * @defaultValue `'headers'`
   */
  readonly until?: 'headers' | 'body' | undefined
  /** Says what the end of a request means; where it returns `undefined`, the breaker and `http` do. */
  readonly classify?: Classifier | undefined
}

/**
 * Returns the interceptor, for `compose` of an undici dispatcher: its requests go through a
 * `CircuitBreaker`, or by a `CircuitRegistry` through one for each origin.
 *
 * It sees each attempt of an interceptor that retries, and no answer of one that caches, if it stands in
 * front of them: `compose(circuitBreaker(circuits), interceptors.retry(), interceptors.cache())`. A rejected
 * request ends with `CircuitOpenError`, which the global `fetch` wraps. A request ends on the wire when
 * `callTimeout` is over.
 *
 * @throws TypeError for a first argument or option that is wrong. A request that the same breaker guards twice
 * ends with one
 * @example
 * import { CircuitBreaker } from 'short-circuit'
 * import { circuitBreaker } from 'short-circuit/undici'
 * import { Agent } from 'undici'
 *
 * const users = new CircuitBreaker({ name: 'users', callTimeout: 2_000 })
 * const agent = new Agent().compose(circuitBreaker(users, { until: 'body' }))
 * console.assert(typeof agent.request === 'function' && users.state === 'closed')
 */
export function circuitBreaker(
  by: By,
  options: CircuitBreakerInterceptorOptions = {},
): (dispatch: Dispatch) => Dispatch {
  checkAdapterOptions('circuitBreaker', options, {
    key: 'function',
    name: 'string',
    until: 'string',
    classify: 'function',
  })
  // Requests of a Client or Pool have no origin, and a given breaker needs none.
  const { key = isBreaker(by) ? () => '' : originOf, name = 'undici', classify } = options
  const until = untilOf(options)
  const breakerOf = breakersBy('circuitBreaker', by, name, key)
  const callOptions = callOptionsOf(classify, http, retryAfterOf)

  const acquire = (breaker: CircuitBreaker<unknown>, signal: unknown) =>
    breaker.acquire({
      ...callOptions(breaker),
      ...(signal instanceof AbortSignal && { signal }),
    })

  return (dispatch) => (given: RequestOptions, handler: Handler) => {
    let request = given
    let breaker: CircuitBreaker<unknown> | undefined
    let permit: ReturnType<typeof acquire>
    try {
      breaker = breakerOf(request)
      if (breaker === undefined) return dispatch(request, handler)
      request = guardedBy(breaker, request)
      permit = acquire(breaker, request.signal)
    } catch (error) {
      rejectByHandler(handler, error)
      // Anything else would tell undici to wait until there is room.
      return true
    }
    const { classify } = callOptions(breaker)
    try {
      const { body, hasFailed } = watchBody(request.body)
      request = { ...request, body }
      return until === 'headers'
        ? dispatch(request, guardHandler(handler, permit, undefined, hasFailed))
        : dispatch(limited(request, breaker), guardHandler(handler, permit, classify, hasFailed))
    } catch (error) {
      permit.cancel()
      throw error
    }
  }
}

const GUARDS: unique symbol = Symbol('guards')

/** The request with a note that a breaker guards it, which interceptors hand on. */
function guardedBy(
  breaker: CircuitBreaker<unknown>,
  request: RequestOptions & { readonly [GUARDS]?: readonly unknown[] },
): RequestOptions {
  const guards = request[GUARDS] ?? []
  if (guards.includes(breaker)) {
    throw guardedTwice('circuitBreaker', `the circuit "${breaker.name}"`)
  }
  return { ...request, [GUARDS]: [...guards, breaker] } as RequestOptions
}

/** The time limit of a call is one for each part of its body. */
function limited(request: RequestOptions, { options }: CircuitBreaker<unknown>): RequestOptions {
  const { callTimeout } = options
  if (callTimeout === undefined) return request
  return { ...request, bodyTimeout: Math.min(request.bodyTimeout || callTimeout, callTimeout) }
}

function originOf({ origin }: RequestOptions): string {
  if (origin === undefined) {
    throw new TypeError('the request has no origin; give circuitBreaker a key, or a CircuitBreaker')
  }
  return new URL(origin).origin
}
