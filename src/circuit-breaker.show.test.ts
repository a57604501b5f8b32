import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createBreaker, fail, open, succeed } from '../test/helpers/public.ts'
import { CircuitRegistry } from './index.ts'

describe('JSON.stringify of a breaker', () => {
  it('shows its name, its state and its counts', async () => {
    const { breaker } = createBreaker({ name: 'users', maxFailures: 5 })
    await succeed(breaker)
    await fail(breaker)

    const shown = JSON.parse(JSON.stringify({ breaker })).breaker

    expect(Object.keys(shown)).toEqual(['name', 'state', 'counts'])
    expect(shown).toMatchObject({
      name: 'users',
      state: 'closed',
      counts: breaker.snapshot().counts,
    })
    expect(shown.counts).toMatchObject({ success: 1, failure: 1 })
  })

  it('shows the state as calls meet it, and does not change it', async () => {
    const { breaker, clock } = createBreaker({ resetTimeout: 1_000 })
    await open(breaker)
    await clock.advance(1_000)
    const before = breaker.save()

    expect(breaker.toJSON().state).toBe('half-open')
    expect(breaker.save()).toEqual(before)
  })
})

describe('console.log of a breaker', () => {
  it('shows the same', async () => {
    const { breaker } = createBreaker({ name: 'users' })
    await open(breaker)

    const text = inspect(breaker)

    expect(text).toMatch(/^CircuitBreaker \{\s+name: 'users',\s+state: 'open',\s+counts: \{/)
    expect(text).toContain(inspect(breaker.toJSON(), { depth: 1 }).slice(2, 20))
  })

  it('follows the options of util.inspect', () => {
    const { breaker } = createBreaker({ name: 'users' })

    expect(inspect([[[breaker]]], { depth: 1 })).toBe('[ [ [Array] ] ]')
    expect(inspect({ a: { breaker } }, { depth: 1 })).toBe('{ a: { breaker: [CircuitBreaker] } }')
    expect(inspect(breaker, { compact: true, breakLength: Infinity })).not.toContain('\n')
  })
})

describe('a registry', () => {
  it('is shown as its breakers are', () => {
    const registry = new CircuitRegistry({ maxSize: 10 })
    registry.breaker('users').trip()
    registry.breaker('orders')

    const shown = JSON.parse(JSON.stringify(registry))

    expect(shown).toMatchObject({
      size: 2,
      maxSize: 10,
      evicted: 0,
      breakers: [
        { name: 'users', state: 'open' },
        { name: 'orders', state: 'closed' },
      ],
    })
  })
})
