import { Code } from '@connectrpc/connect'
import { type By, isBreaker } from '../adapter/breakers-by.ts'
import { asGuarded, isGuarded } from '../adapter/guarded-once.ts'
import { type RpcOptions, rpcBreakers } from '../adapter/rpc-breakers.ts'
import type { CircuitOpenError } from '../index.ts'
import { type Classifier, causesOf, ofErrors, read } from '../outcomes/classifier.ts'
import { networkOutcome } from '../outcomes/network.ts'
import { GuardedCall, unavailable } from './guarded-call.ts'

/** What Connect tells of a request. */
export interface Request {
  readonly url: string
  readonly service: { readonly typeName: string }
  readonly method: { readonly name: string; readonly methodKind: string }
  readonly stream: boolean
  readonly header: Headers
  readonly signal: AbortSignal
}

// biome-ignore lint/suspicious/noExplicitAny: those of Connect need newer compilers than this package.
type Interceptor = (next: (request: any) => Promise<any>) => (request: any) => Promise<any>

/** What {@link circuitBreaker} takes. */
export interface CircuitBreakerInterceptorOptions extends RpcOptions<Request> {
  /**
   * What has a breaker of its own, when the first argument is a registry. `undefined` for a request that
   * is not to be guarded.
   * @defaultValue the origin: scheme, host and port
   */
  readonly key?: ((request: Request) => string | undefined) | undefined
  /**
   * What the names of breakers begin with, when the first argument is a registry.
   * @defaultValue `'connect'`
   */
  readonly name?: string | undefined
}

/**
 * Returns the interceptor, for `interceptors` of a transport of `@connectrpc/connect`: its calls go through
 * a `CircuitBreaker`, or by a `CircuitRegistry` through one for each origin.
 *
 * A call counts by the code of its error. With the first message, a stream of responses is no longer taken
 * for hung. A call ends on the wire when `callTimeout` is over, with `Code.DeadlineExceeded` and
 * `CallTimeoutError` as the `cause` of its error. A rejected one is not begun: its error has
 * `Code.Unavailable`, and `CircuitOpenError` as its `cause`. The breaker's `fallback` is not used.
 *
 * @throws TypeError for a first argument or option that is wrong
 * @example
 * import { createRouterTransport } from '@connectrpc/connect'
 * import { CircuitBreaker } from 'short-circuit'
 * import { circuitBreaker } from 'short-circuit/connect'
 *
 * const users = new CircuitBreaker({ name: 'users', callTimeout: 2_000 })
 * const interceptors = [circuitBreaker(users)]
 * const transport = createRouterTransport(() => {}, { transport: { interceptors } })
 * console.assert(users.state === 'closed' && typeof transport.unary === 'function')
 */
export function circuitBreaker(
  by: By,
  options: CircuitBreakerInterceptorOptions = {},
): Interceptor {
  const usual = isBreaker(by) ? () => '' : originOf
  const { breakerOf, callOptions } = rpcBreakers(by, options, usual, 'connect', local)

  return (next) => async (request: Request) => {
    const breaker = breakerOf(request)
    if (breaker === undefined || isGuarded(request, breaker)) return next(request)
    // As a transport would.
    if (request.signal.aborted) throw request.signal.reason
    let call: GuardedCall
    try {
      call = new GuardedCall(breaker.acquire(callOptions(breaker)), request.signal)
    } catch (error) {
      throw unavailable(error as CircuitOpenError)
    }
    return call.follow(() => next({ ...asGuarded(request, breaker), signal: call.signal }))
  }
}

function originOf({ url }: Request): string {
  const base = (globalThis as { location?: { href: string } }).location?.href
  return new URL(url, base).origin
}

/** Of connections that are gone while something is sent: `Code.Aborted` to Connect. */
const DESTROYED: readonly unknown[] = ['ERR_STREAM_DESTROYED', 'ERR_HTTP2_INVALID_STREAM']

const local: Classifier = ofErrors((error) => {
  // A request that can not be serialized has `Code.Internal`, and is nothing that a server has done.
  if (String(read(error, 'rawMessage')).startsWith('serialize ')) return 'cancelled'
  // What the caller cancels is not asked about.
  if (read(error, 'code') === Code.Canceled) return 'failure'
  const destroyed = causesOf(error).some((cause) => DESTROYED.includes(read(cause, 'code')))
  return destroyed ? 'failure' : networkOutcome(error)
})
