import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { Cluster, Store } from '../test/clients/store.ts'
import { reasonOf } from '../test/helpers/public.ts'
import { CircuitBreaker, CircuitOpenError, protect } from './index.ts'

let breaker: CircuitBreaker
let real: Store
let store: Store
beforeEach(() => {
  breaker = new CircuitBreaker({ maxFailures: 2, resetTimeout: 60_000 })
  real = new Store()
  store = protect(real, breaker)
})

function counts() {
  const { admitted, success, failure, cancelled, rejected } = breaker.snapshot().counts
  return [admitted, success, failure, cancelled, rejected.open]
}

describe('a protected client', () => {
  it('guards methods that return promises, from the first call on', async () => {
    await store.put('a', 1)

    expect(await store.get('a')).toBe(1)
    expect(counts()).toEqual([2, 2, 0, 0, 0])
  })

  it('lets everything else pass, synchronously and uncounted, whatever the state', async () => {
    await store.put('a', 1)
    breaker.trip()

    expect(store.peek('a')).toBe(1)
    expect(() => store.throws()).toThrow('no such thing')
    expect(store.size).toBe(1)
    expect(counts()).toEqual([1, 1, 0, 0, 0])
  })

  it('guards a method whose name is `class`', async () => {
    const school = protect(
      {
        class(id: number) {
          return Promise.resolve(id)
        },
      },
      breaker,
    )
    await school.class(1)
    breaker.trip()

    expect(await reasonOf(school.class(2))).toBeInstanceOf(CircuitOpenError)
  })

  it('opens on failures of any method and rejects calls of all', async () => {
    await store.get('a')
    await reasonOf(store.fail())
    await reasonOf(store.fail())

    expect(await reasonOf(store.get('a'))).toBeInstanceOf(CircuitOpenError)
    expect(real.ran).toBe(1)
  })

  it('runs the first call of a method even while open, since only its result shows what it returns', async () => {
    breaker.trip()

    expect(await store.get('a')).toBeUndefined()
    expect(await reasonOf(store.get('a'))).toBeInstanceOf(CircuitOpenError)
    expect(await reasonOf(store.put('a', 1))).toBeInstanceOf(CircuitOpenError)
    expect(real.ran).toBe(1)
    expect(counts()).toEqual([0, 0, 0, 0, 2])
  })

  it('counts a call once when methods call each other', async () => {
    await store.put('a', 1)
    await store.copy('a', 'b')
    await protect(new Cluster(), breaker).get('a')

    expect(counts()).toEqual([3, 3, 0, 0, 0])
  })

  it('keeps private fields, getters, setters and statics at work', async () => {
    store.first = 1

    expect(store.peek('first')).toBe(1)
    expect(await store.get('first')).toBe(1)
    expect(protect(Store, breaker).create()).toBeInstanceOf(Store)
    expect(new (protect(Store, breaker))()).toBeInstanceOf(Store)
  })

  it('guards what a client that is a class creates, and leaves its subclasses alone', async () => {
    const Guarded = protect(Store, breaker)
    const created = new Guarded()
    await created.put('a', 1)
    class Own extends Guarded {
      own = 'field'
      override get(key: string): Promise<unknown> {
        return super.get(`own ${key}`)
      }
    }
    const own = new Own()
    breaker.trip()

    expect(await reasonOf(created.put('a', 1))).toBeInstanceOf(CircuitOpenError)
    expect(await created.close()).toBe('closed')
    expect([own.own, own instanceof Own, await own.get('a')]).toEqual(['field', true, undefined])
  })

  it('takes no evidence from a value that was returned in place of a promise', async () => {
    await store.cached('a')
    await store.put('a', 1)

    expect(store.cached('a')).toBe(1)
    expect(counts()).toEqual([3, 2, 0, 1, 0])
  })

  it('is the same client wherever the client returns itself', async () => {
    expect(store.on('x', () => {})).toBe(store)
    expect(await store.put('a', 1)).toBe(store)
    expect(store.is(store)).toBe(true)
  })

  it('returns the same method and the same namespace each time', () => {
    expect(store.get).toBe(store.get)
    expect(store.settings).toBe(store.settings)
  })

  it('has the members and the type of the original', () => {
    expect(store).toBeInstanceOf(Store)
    expect(Object.keys(store)).toEqual(Object.keys(real))
    expect([store.get.name, store.get.length]).toEqual(['get', 1])
    expect(JSON.stringify(store)).toBe(JSON.stringify(real))
    expect(inspect(store)).toBe(inspect(real))
    expect('get' in store).toBe(true)
    expect(String(store)).toBe('[object Object]')
  })

  it('sets, deletes and defines properties of the original', async () => {
    store.get = async () => 'mine'
    Object.defineProperty(store, 'extra', { value: 1, configurable: true })

    expect(await store.get('a')).toBe('mine')
    expect(counts()).toEqual([1, 1, 0, 0, 0])
    expect(real).toHaveProperty('extra', 1)
    expect(Reflect.deleteProperty(store, 'get')).toBe(true)
    expect(Object.hasOwn(real, 'get')).toBe(false)
  })

  it('emits and listens as before', () => {
    const heard: unknown[] = []
    store.once('news', (text) => heard.push(text))
    real.emit('news', 'hello')

    expect(store.emit('news', 'again')).toBe(false)
    expect(heard).toEqual(['hello'])
  })

  it('guards a method that is called without its object', async () => {
    await store.put('a', 1)
    const { get } = store

    expect(await Promise.all(['a', 'b'].map(get))).toEqual([1, undefined])
    expect(await store.get.call(store, 'a')).toBe(1)
    expect(await store.get.bind(store, 'a')()).toBe(1)
  })

  it('can be closed while the circuit is open', async () => {
    expect(await store.close()).toBe('closed')
    breaker.forceOpen()

    expect(await store.close()).toBe('closed')
    expect(counts()).toEqual([0, 0, 0, 0, 0])
  })

  it('takes no evidence from a call that the caller has aborted', async () => {
    const client = {
      get: ({ signal }: { signal: AbortSignal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    }
    const controller = new AbortController()
    const call = protect(client, breaker).get(controller)
    controller.abort()
    await reasonOf(call)

    expect(counts()).toEqual([1, 0, 0, 1, 0])
  })

  it('ends a call at its timeout', async () => {
    const client = { hang: () => new Promise(() => {}) }
    breaker.configure({ callTimeout: 5 })

    expect(await reasonOf(protect(client, breaker).hang())).toMatchObject({
      code: 'ERR_CALL_TIMEOUT',
    })
    expect(counts()).toEqual([1, 0, 1, 0, 0])
  })

  it('resolves with the value of a fallback', async () => {
    const own = new CircuitBreaker({ maxFailures: 1, fallback: () => 'instead' })
    const lenient = protect(real, own as never)

    expect(await lenient.fail()).toBe('instead')
    expect(await lenient.put('a', 1)).toBe('instead')
  })

  it('can be protected by a second breaker', async () => {
    const outer = new CircuitBreaker({ maxFailures: 1 })
    const twice = protect(store, outer)
    await twice.get('a')
    breaker.trip()

    expect(await reasonOf(twice.get('a'))).toBeInstanceOf(CircuitOpenError)
    expect(outer.snapshot().counts).toMatchObject({ success: 1, cancelled: 1 })
  })
})

describe('callbacks', () => {
  it('are called, with the call guarded only if it returns a promise', async () => {
    await store.put('a', 1)
    await store.find('a')
    breaker.trip()
    const found: unknown[] = []
    store.find('a', (_, value) => found.push(value))
    store.find('a', (_, value) => found.push(value))

    expect(found).toEqual([1, 1])
    expect(await reasonOf(store.find('a'))).toBeInstanceOf(CircuitOpenError)
  })

  it('are part of a guarded call when that returns a promise', async () => {
    const action = async (inner: Store) => inner.get('a')
    await store.transaction(action)
    expect(counts()).toEqual([1, 1, 0, 0, 0])
    breaker.trip()

    expect(await reasonOf(store.transaction(action))).toBeInstanceOf(CircuitOpenError)
  })
})
