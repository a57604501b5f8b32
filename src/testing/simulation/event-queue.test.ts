import { describe, expect, it } from 'vitest'
import { EventQueue } from './event-queue.ts'
import { randomStream } from './random.ts'

function event(at: number, name = '') {
  return { at, name, order: 0, happen() {} }
}

describe('EventQueue', () => {
  it('returns events in the order of time', () => {
    const queue = new EventQueue()
    const random = randomStream(1, 'times')
    const times = Array.from({ length: 1_000 }, random)
    for (const at of times) queue.add(event(at))

    const taken = times.map(() => queue.take()?.at)

    expect(taken).toEqual(times.toSorted((a, b) => a - b))
    expect(queue.take()).toBeUndefined()
  })

  it('returns events of one moment in the order in which they were added', () => {
    const queue = new EventQueue()
    const events = [event(5, 'a'), event(3, 'b'), event(5, 'c'), event(3, 'd'), event(5, 'e')]
    for (const one of events) queue.add(one)

    const names = events.map(() => (queue.take() as ReturnType<typeof event>).name)

    expect(names.join('')).toBe('bdace')
  })
})
