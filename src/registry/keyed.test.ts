import { beforeEach, describe, expect, it } from 'vitest'
import { RESET_TIMEOUT, reasonOf } from '../../test/helpers/public.ts'
import { type CircuitBreaker, CircuitOpenError, CircuitRegistry } from '../index.ts'
import { ManualClock } from '../testing/manual-clock.ts'

let clock: ManualClock
let registry: CircuitRegistry
let down: Set<unknown>
let ran: unknown[]
beforeEach(() => {
  clock = new ManualClock()
  const defaults = { maxFailures: 2, resetTimeout: RESET_TIMEOUT, clock }
  registry = new CircuitRegistry({ defaults })
  down = new Set()
  ran = []
})

async function ask(host: string | number | undefined, path = '/'): Promise<string> {
  ran.push(host)
  if (down.has(host)) throw new Error('down')
  return `${host}${path}`
}

const byHost = { key: (host: string | number | undefined) => host }
const names = (): string[] => [...registry].map(({ name }) => name)

describe('registry.keyed(fn, { key })', () => {
  it('returns a function with the name and length of the original and a breaker for each key', async () => {
    const guarded = registry.keyed(ask, byHost)

    expect(await guarded('a', '/x')).toBe('a/x')
    expect(await guarded('b')).toBe('b/')
    expect([guarded.name, guarded.length]).toEqual(['ask', 1])
    expect(names()).toEqual(['ask:a', 'ask:b'])
    expect(registry.get('ask:a')?.snapshot().counts.success).toBe(1)
  })

  it('opens the circuit of the key that fails, and of no other', async () => {
    const guarded = registry.keyed(ask, byHost)
    down.add('b')
    for (let i = 0; i < 2; i++) await reasonOf(guarded('b'))
    const error = await reasonOf(guarded('b'))

    expect(error).toBeInstanceOf(CircuitOpenError)
    expect((error as CircuitOpenError).breaker).toBe('ask:b')
    expect(ran).toEqual(['b', 'b'])
    expect(await guarded('a')).toBe('a/')
    down.clear()
    await clock.advance(RESET_TIMEOUT)
    expect(await guarded('b')).toBe('b/')
  })

  it('does not guard a call whose key is undefined', async () => {
    const guarded = registry.keyed(ask, byHost)
    down.add(undefined)
    for (let i = 0; i < 5; i++) await reasonOf(guarded(undefined))

    expect(ran).toHaveLength(5)
    expect(registry.size).toBe(0)
  })

  it('treats a number as the same key as its digits', async () => {
    const guarded = registry.keyed(ask, byHost)
    await guarded(7)
    await guarded('7')

    expect(registry.get('ask:7')?.snapshot().counts.success).toBe(2)
  })

  it('rejects without running when the key function throws or returns no key', async () => {
    const mine = new Error('mine')
    const throwing = registry.keyed(ask, {
      key: () => {
        throw mine
      },
    })

    expect(await reasonOf(throwing('a'))).toBe(mine)
    for (const { key, got } of [
      { key: {}, got: 'an object' },
      { key: null, got: 'null' },
      { key: Number.NaN, got: 'NaN' },
    ]) {
      const odd = registry.keyed(ask, { key: () => key as never })
      expect(await reasonOf(odd('a'))).toEqual(
        new TypeError(
          `key must be a function that returns a string, a number or undefined, got ${got}`,
        ),
      )
    }
    expect(ran).toEqual([])
  })

  it('passes the this of the call to both functions', async () => {
    const client = {
      host: 'a',
      get: registry.keyed(
        async function get(this: { host: string }, path: string) {
          return this.host + path
        },
        {
          key(this: { host: string }) {
            return this.host
          },
        },
      ),
    }

    expect(await client.get('/x')).toBe('a/x')
    expect(names()).toEqual(['get:a'])
  })

  it('lets functions of one name share the breakers of their keys', async () => {
    const get = registry.keyed(ask, { ...byHost, name: 'host' })
    const put = registry.keyed(async (host: string) => ask(host), { ...byHost, name: 'host' })
    down.add('a')
    await reasonOf(get('a'))
    await reasonOf(put('a'))

    expect(await reasonOf(get('a'))).toBeInstanceOf(CircuitOpenError)
    expect(names()).toEqual(['host:a'])
  })

  it('throws for other options with a shared name, and shows the difference', () => {
    registry.keyed(ask, { ...byHost, name: 'host', maxFailures: 5 })

    expect(() => registry.keyed(ask, { ...byHost, name: 'host', maxFailures: 6 })).toThrow(
      'circuit "host" is registered with other options: maxFailures is 5, got 6',
    )
  })

  it('does not share breakers between functions that happen to have the same name', async () => {
    await registry.keyed(ask, byHost)('a')
    await registry.keyed(ask, byHost)('a')
    await registry.keyed(async (host: string) => host, byHost)('a')

    expect(names()).toEqual(['ask:a', 'ask#2:a', 'keyed:a'])
  })

  it('uses a breaker that the user created for a key', async () => {
    registry.breaker('ask:a').forceOpen()

    expect(await reasonOf(registry.keyed(ask, byHost)('a'))).toBeInstanceOf(CircuitOpenError)
  })

  it('creates a new breaker for a key whose breaker was deleted or evicted', async () => {
    const guarded = registry.keyed(ask, byHost)
    down.add('a')
    for (let i = 0; i < 2; i++) await reasonOf(guarded('a'))
    registry.delete('ask:a')
    down.clear()
    expect(await guarded('a')).toBe('a/')
    registry.maxSize = 1
    await guarded('b')
    await guarded('a')

    expect(names()).toEqual(['ask:a'])
  })

  describe('whose breaker was deleted while it was forced open', () => {
    const drop = async (): Promise<{
      call: () => Promise<unknown>
      before: CircuitBreaker<unknown>
    }> => {
      const guarded = registry.keyed(ask, byHost)
      await guarded('a')
      const before = registry.get('ask:a') as CircuitBreaker<unknown>
      registry.delete('ask:a')
      before.forceOpen()
      return { call: () => guarded('a'), before }
    }

    it('has a new one, whatever other registry has taken in the one before', async () => {
      const { call, before } = await drop()
      new CircuitRegistry().add(before)

      expect(await call()).toBe('a/')
      expect(registry.get('ask:a')).not.toBe(before)
    })

    it('has the same again where its registry has taken it back', async () => {
      const { call, before } = await drop()
      registry.add(before)

      expect(await reasonOf(call())).toBeInstanceOf(CircuitOpenError)
    })
  })

  it('settles a call in flight on its breaker even if that was evicted meanwhile', async () => {
    registry.maxSize = 1
    let end = (_: Error): void => {}
    const guarded = registry.keyed(
      (_: string) => new Promise<never>((_, reject) => (end = reject)),
      { ...byHost, name: 'slow' },
    )
    const call = guarded('a')
    const breaker = registry.get('slow:a')
    registry.breaker('other')
    end(new Error('late'))
    await reasonOf(call)

    expect(breaker?.snapshot().counts).toMatchObject({ admitted: 1, failure: 1 })
    expect(registry.has('slow:a')).toBe(false)
  })

  it('resolves with the value of a fallback', async () => {
    const guarded = registry.keyed(ask, { ...byHost, fallback: (_, host) => `cached ${host}` })
    down.add('a')

    expect(await guarded('a')).toBe('cached a')
  })

  it.each([
    [undefined, byHost, 'fn must be a function'],
    [ask, {}, 'key must be a function, got undefined'],
    [ask, undefined, 'key must be a function, got undefined'],
    [ask, { ...byHost, name: '' }, 'name must be a string that is not empty, got ""'],
    [ask, { ...byHost, maxFailures: 0 }, 'maxFailures must be an integer of at least 1, got 0'],
    [ask, { ...byHost, keys: 1 }, 'unknown option "keys" (in options)'],
    [
      async function* () {},
      byHost,
      'a function that returns a promise, got an AsyncGeneratorFunction',
    ],
  ])('throws for %s with %j', (fn, options, message) => {
    expect(() => registry.keyed(fn as never, options as never)).toThrow(message)
  })
})
