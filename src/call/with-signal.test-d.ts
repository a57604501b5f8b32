import { describe, expectTypeOf, it } from 'vitest'
import { CircuitBreaker } from '../circuit-breaker.ts'

const breaker = new CircuitBreaker()

describe('the type of breaker.withSignal(fn)', () => {
  it('is that of the function without its first parameter', () => {
    const find = breaker.withSignal(async (_: AbortSignal, id: number, name?: string) => ({
      id,
      name,
    }))

    expectTypeOf(find).toEqualTypeOf<
      (id: number, name?: string) => Promise<{ id: number; name: string | undefined }>
    >()
    // @ts-expect-error The signal is passed by the breaker.
    void find(new AbortController().signal, 1)
  })

  it('infers the signal', () => {
    const find = breaker.withSignal((signal, id: number) => (signal.aborted ? undefined : id))

    expectTypeOf(find).toEqualTypeOf<(id: number) => Promise<number | undefined>>()
  })

  it('keeps type parameters', () => {
    const echo = breaker.withSignal(async <T>(_: AbortSignal, value: T): Promise<T> => value)

    expectTypeOf(echo('a' as const)).resolves.toEqualTypeOf<'a'>()
  })

  it('keeps this and rest parameters', () => {
    interface Client {
      readonly url: string
    }
    const get = breaker.withSignal(async function (
      this: Client,
      _: AbortSignal,
      ...paths: string[]
    ) {
      return [this.url, ...paths]
    })

    expectTypeOf(get).thisParameter.toEqualTypeOf<Client>()
    expectTypeOf(get).parameters.toEqualTypeOf<string[]>()
  })

  it('accepts functions with no parameter', () => {
    expectTypeOf(breaker.withSignal(() => 1)).toEqualTypeOf<() => Promise<number>>()
  })

  it('includes what the fallback returns', () => {
    const { withSignal } = new CircuitBreaker({ fallback: () => 'instead' as const })

    expectTypeOf(withSignal(async (_, id: number) => id)).returns.resolves.toEqualTypeOf<
      number | 'instead'
    >()
  })

  it('takes options for the calls, and includes what their fallback returns', () => {
    const find = breaker.withSignal(async (_, id: number) => id, {
      timeout: 500,
      fallback: () => 'cached' as const,
    })

    expectTypeOf(find).toEqualTypeOf<(id: number) => Promise<number | 'cached'>>()
    // @ts-expect-error The signal is among the arguments.
    breaker.withSignal(async () => 1, { signal: new AbortController().signal })
  })

  it('rejects functions whose first parameter is no signal', () => {
    // @ts-expect-error It would be passed a signal.
    breaker.withSignal(async (id: number) => id)
  })
})
