import type * as undici7 from 'undici'
import type * as undici8 from 'undici-8'
import { describe, expectTypeOf, it } from 'vitest'
import type { CircuitRegistry } from '../../src/index.ts'
import { circuitBreaker } from '../../src/undici/index.ts'

declare const circuits: CircuitRegistry
declare const agent7: undici7.Agent
declare const agent8: undici8.Agent

describe('the interceptor of undici', () => {
  it('composes with agents of both versions that are supported', () => {
    const interceptor = circuitBreaker(circuits)

    expectTypeOf(agent7.compose(interceptor)).toExtend<undici7.Dispatcher>()
    expectTypeOf(agent8.compose(interceptor)).toExtend<undici8.Dispatcher>()
  })

  it('has keys by the request', () => {
    agent7.compose(circuitBreaker(circuits, { key: ({ origin, path }) => `${origin}${path}` }))
    agent8.compose(circuitBreaker(circuits, { key: ({ origin, path }) => `${origin}${path}` }))
    // @ts-expect-error -- a key is a text
    circuitBreaker(circuits, { key: ({ headers }) => headers })
  })
})
