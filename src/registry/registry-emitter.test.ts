import { describe, expect, it } from 'vitest'
import { CircuitBreaker, CircuitRegistry } from '../index.ts'

/** A breaker in some registries, and who has heard of its last trip. */
function createScene(own: boolean) {
  const heard: string[] = []
  const registries = ['first', 'second'].map((name) => {
    const registry = new CircuitRegistry()
    registry.on('transition', () => heard.push(name))
    return registry
  })
  const breaker = new CircuitBreaker({ name: 'users', registry: registries[0] as CircuitRegistry })
  if (own) breaker.on('transition', () => heard.push('own'))
  const trip = (): string[] => {
    heard.length = 0
    breaker.trip()
    breaker.reset()
    return heard.splice(0, heard.length / 2)
  }
  return { breaker, registries: registries as [CircuitRegistry, CircuitRegistry], trip }
}

describe('a breaker that leaves a registry', () => {
  it.each([false, true])('is not heard there any more; with listeners of its own: %s', (own) => {
    const { registries, trip } = createScene(own)
    const before = trip()

    registries[0].delete('users')

    expect(before).toEqual(own ? ['own', 'first'] : ['first'])
    expect(trip()).toEqual(own ? ['own'] : [])
  })

  it('is still heard in another one', () => {
    const { breaker, registries, trip } = createScene(true)
    registries[1].add(breaker)
    const before = trip()

    registries[0].delete('users')

    expect(before).toEqual(['own', 'first', 'second'])
    expect(trip()).toEqual(['own', 'second'])
  })

  it('can be heard by listeners that come later', () => {
    const { breaker, registries } = createScene(true)
    registries[0].delete('users')
    const later: string[] = []
    breaker.on('transition', ({ to }) => later.push(to))

    breaker.trip()

    expect(later).toEqual(['open'])
  })

  it('is out of a registry without listeners as well', () => {
    const registry = new CircuitRegistry()
    const breaker = registry.breaker('users')
    const heard: string[] = []
    breaker.on('transition', ({ to }) => heard.push(to))

    registry.delete('users')
    registry.on('transition', () => heard.push('registry'))
    breaker.trip()

    expect(heard).toEqual(['open'])
  })
})
