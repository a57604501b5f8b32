import { describe, expect, it } from 'vitest'
import { createAdmin } from '../../test/helpers/admin.ts'
import { CircuitRegistry } from '../index.ts'
import { inTurns, readAll } from './turns.ts'

function registryOf(size: number): CircuitRegistry {
  const registry = new CircuitRegistry({ maxSize: 20_000 })
  for (let i = 0; i < size; i++) registry.breaker(`b${i}`)
  return registry
}

describe('readAll', () => {
  it.each([0, 1, 99, 100, 101, 1_000])('reads each of %i breakers once', async (size) => {
    const names: string[] = []

    await inTurns(readAll(registryOf(size), ({ name }) => names.push(name)))

    expect(names).toEqual(Array.from({ length: size }, (_, index) => `b${index}`))
  })

  it('is done at once where there are few', () => {
    expect(inTurns(readAll(registryOf(99), () => {}))).toBeUndefined()
  })

  it('reads those that are named, in their order', async () => {
    const names: string[] = []
    const wanted = ['b700', 'gone', 'b3', 'b5']

    await inTurns(readAll(registryOf(1_000), ({ name }) => names.push(name), { names: wanted }))

    expect(names).toEqual(['b700', 'b3', 'b5'])
  })

  it.each([
    [100, {}],
    [50, { size: 50 }],
    [50, { size: 50, names: Array.from({ length: 210 }, (_, i) => `b${i}`) }],
  ])('reads %i in a turn, so that other work does not wait: %o', async (most, options) => {
    const registry = registryOf(2_000)
    let read = 0
    let found = 0
    const turn = () => {
      found = Math.max(found, read)
      read = 0
      immediate = setImmediate(turn)
    }
    let immediate = setImmediate(turn)

    await inTurns(readAll(registry, () => read++, options))

    clearImmediate(immediate)
    expect(Math.max(found, read)).toBe(most)
  })

  it('survives breakers that come and go meanwhile, and waits for none that comes', async () => {
    const registry = registryOf(1_000)
    const names = new Set<string>()

    await inTurns(
      readAll(registry, ({ name }) => {
        names.add(name)
        registry.delete('b999')
        registry.breaker(`new${names.size}`)
      }),
    )

    expect(names.has('b998')).toBe(true)
    expect(names.has('b999')).toBe(false)
    expect(names.size).toBeLessThanOrEqual(1_000)
  })
})

describe('the API, with thousands of breakers', () => {
  it('reads them once for all who ask at the same time', async () => {
    const admin = createAdmin({ registry: registryOf(3_000) })
    const ask = () => admin.get('/api/v1/breakers?limit=500')
    const lists = await Promise.all(Array.from({ length: 20 }, ask))

    expect(new Set(lists.map(({ body }) => JSON.stringify(body.counts))).size).toBe(1)
    expect(lists[0]?.body.counts.total).toBe(3_000)
    expect(lists[0]?.body.rows).toHaveLength(500)
    admin.handler.close()
  })

  it('shows a change at once that is made while a list is being read', async () => {
    const registry = registryOf(1_000)
    const admin = createAdmin({ registry })
    const before = admin.get('/api/v1/breakers')
    await admin.post('/api/v1/breakers/b0/force-open', { reason: 'because', for: '10m' })

    const after = await admin.get('/api/v1/breakers')
    await before

    expect(after.body.rows[0]).toMatchObject({ name: 'b0', class: 1 })
    admin.handler.close()
  })
})
