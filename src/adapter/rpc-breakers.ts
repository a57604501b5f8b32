import type { CircuitBreaker } from '../index.ts'
import { type Classifier, firstOf } from '../outcomes/classifier.ts'
import { grpc } from '../outcomes/grpc.ts'
import { grpcRetryAfterOf } from '../outcomes/grpc-retry-after.ts'
import { type By, breakersBy } from './breakers-by.ts'
import {
  type AdapterCallOptions,
  byDefault,
  callOptionsOf,
  checkAdapterOptions,
} from './call-options.ts'

/** What the interceptors of gRPC and Connect take. */
export interface RpcOptions<Call> {
  readonly key?: ((call: Call) => string | undefined) | undefined
  readonly name?: string | undefined
  /**
   * Says what the end of a call means: a fulfilled one has the response as its value, where there is only
   * one. Where it returns `undefined`, the breaker and `grpc` do.
   */
  readonly classify?: Classifier | undefined
}

interface RpcBreakers<Call> {
  readonly breakerOf: (call: Call) => CircuitBreaker<unknown> | undefined
  readonly callOptions: (breaker: CircuitBreaker<unknown>) => AdapterCallOptions
}

/**
 * The breakers of an interceptor, and what their calls count as: by `local` before `grpc`.
 *
 * @throws TypeError for a first argument or option that is wrong
 */
export function rpcBreakers<Call>(
  by: By,
  options: RpcOptions<Call>,
  usual: (call: Call) => string | undefined,
  prefix: string,
  local: Classifier,
): RpcBreakers<Call> {
  checkAdapterOptions('circuitBreaker', options, {
    key: 'function',
    name: 'string',
    classify: 'function',
  })
  const { key = usual, name = prefix, classify } = options
  return {
    breakerOf: breakersBy('circuitBreaker', by, name, key),
    callOptions: callOptionsOf(classify, firstOf(local, grpc, byDefault), grpcRetryAfterOf),
  }
}
