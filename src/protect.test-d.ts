import { expectTypeOf, it } from 'vitest'
import { CircuitBreaker, CircuitRegistry, circuits, protect } from './index.ts'

interface Client {
  find<T>(id: string): Promise<T>
  on(event: 'end', listener: () => void): this
  readonly users: { list(): AsyncIterable<string> }
}
declare const client: Client

it('keeps the type of the client, generics and namespaces included', () => {
  const guarded = protect(client, new CircuitBreaker(), { except: ['on'] })

  expectTypeOf(guarded).toEqualTypeOf<Client>()
  expectTypeOf(guarded.find<number>('1')).resolves.toEqualTypeOf<number>()
  expectTypeOf(protect(client, circuits)).toEqualTypeOf<Client>()
})

it('takes no breaker with a fallback, whose values the type of the client lacks', () => {
  // @ts-expect-error a fallback may return what the client never returns
  protect(client, new CircuitBreaker({ fallback: () => 1 }))
  // @ts-expect-error a client is an object
  protect('client', new CircuitBreaker())
})

it('types the function that is guarded by key, and the arguments of the key', () => {
  const registry = new CircuitRegistry()
  const ask = async (host: string, port?: number) => `${host}:${port}`

  expectTypeOf(registry.keyed(ask, { key: (host) => host })).toEqualTypeOf<typeof ask>()
  expectTypeOf(
    registry.keyed(ask, { key: (_, port) => port, fallback: () => null })('a'),
  ).resolves.toEqualTypeOf<string | null>()
  expectTypeOf(
    registry.keyed(ask, { key: (host) => host, fallback: (_, host, port) => ({ host, port }) })(
      'a',
    ),
  ).resolves.toEqualTypeOf<string | { host: string; port: number | undefined }>()
  // @ts-expect-error the fallback takes the arguments of the function
  registry.keyed(ask, { key: (host) => host, fallback: (_: unknown, host: number) => host })
  // @ts-expect-error a key is a string, a number or undefined
  registry.keyed(ask, { key: () => true })
  // @ts-expect-error the function must return a promise
  registry.keyed((host: string) => host, { key: (host) => host })
})

it('types breakers by their fallback, and events by their name', () => {
  const registry = new CircuitRegistry()
  const breaker = registry.breaker('users', { fallback: () => 7 })

  expectTypeOf(breaker).toEqualTypeOf<CircuitBreaker<number, []>>()
  registry.on('evict', ({ breaker: name, lost }) => {
    expectTypeOf(name).toBeString()
    expectTypeOf(lost).toEqualTypeOf<readonly string[]>()
  })
  // @ts-expect-error the name is the first argument
  registry.breaker('users', { name: 'other' })
  // @ts-expect-error defaults have no name
  registry.defaults = { name: 'users' }
})
