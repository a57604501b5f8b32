import type { By } from '../adapter/breakers-by.ts'
import { asGuarded, isGuarded } from '../adapter/guarded-once.ts'
import { type RpcOptions, rpcBreakers } from '../adapter/rpc-breakers.ts'
import { type Classifier, ofErrors, read } from '../outcomes/classifier.ts'
import { GuardedCall } from './guarded-call.ts'

/** What grpc-js tells of a method. */
export interface MethodDefinition {
  /** Such as `/users.v1.Users/Get`. */
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
}

/** What {@link circuitBreaker} takes. */
export interface CircuitBreakerInterceptorOptions extends RpcOptions<MethodDefinition> {
  /**
   * What has a breaker of its own, when the first argument is a registry. `undefined` for a method that is
   * not to be guarded.
   * @defaultValue the service: `users.v1.Users` of `/users.v1.Users/Get`
   */
  readonly key?: ((method: MethodDefinition) => string | undefined) | undefined
  /**
   * What the names of breakers begin with, when the first argument is a registry. Clients of the same service
   * on different servers need different ones.
   * @defaultValue `'grpc'`
   */
  readonly name?: string | undefined
}

/**
 * Returns the interceptor, for `interceptors` of a client of `@grpc/grpc-js` or of one of its calls: they go
 * through a `CircuitBreaker`, or by a `CircuitRegistry` through one for each service.
 *
 * It counts what comes out of the retries of the channel, and what goes into interceptors that follow it.
 * A call counts by its status. With the first message, a stream of responses is no longer taken for hung. A
 * call ends on the wire when `callTimeout` is over, with DEADLINE_EXCEEDED and `CallTimeoutError` as the
 * `cause` of its error. A rejected one is not begun: its error is UNAVAILABLE, with `CircuitOpenError` as
 * its `cause`. The breaker's `fallback` is not used.
 *
 * @throws TypeError for a first argument or option that is wrong
 * @example
 * import { Client, credentials } from '@grpc/grpc-js'
 * import { CircuitBreaker } from 'short-circuit'
 * import { circuitBreaker } from 'short-circuit/grpc'
 *
 * const users = new CircuitBreaker({ name: 'users', callTimeout: 2_000 })
 * const interceptors = [circuitBreaker(users)]
 * const client = new Client('127.0.0.1:1', credentials.createInsecure(), { interceptors })
 * console.assert(users.state === 'closed')
 * client.close()
 */
export function circuitBreaker(
  by: By,
  options: CircuitBreakerInterceptorOptions = {},
): Interceptor {
  const { breakerOf, callOptions } = rpcBreakers(by, options, serviceOf, 'grpc', local)

  return (call, next) => {
    const method: MethodDefinition = call.method_definition
    const breaker = breakerOf(method)
    // A deadline that is over already says nothing about the server, which is sent nothing.
    const isOver = Number(call.deadline) <= Date.now()
    if (breaker === undefined || isOver || isGuarded(call, breaker)) return next(call)
    return new GuardedCall(
      () => breaker.acquire(callOptions(breaker)),
      () => next(asGuarded(call, breaker)),
      method.responseStream,
    )
  }
}

// biome-ignore lint/suspicious/noExplicitAny: those of grpc-js are nominal, and differ by version.
type Interceptor = (options: any, nextCall: (options: any) => any) => any

function serviceOf({ path }: MethodDefinition): string {
  return path.slice(path.startsWith('/') ? 1 : 0, path.lastIndexOf('/'))
}

const CANCELLED = 1

const local: Classifier = ofErrors((error) => {
  const details = String(read(error, 'details'))
  // A request that can not be serialized is INTERNAL to grpc-js, and nothing that a server has done.
  if (details.startsWith('Request message serialization failure')) return 'cancelled'
  // What the caller cancels is not asked about, unless by the call that this one is a part of.
  if (read(error, 'code') !== CANCELLED) return undefined
  return details === 'Cancelled by parent call' ? 'cancelled' : 'failure'
})
