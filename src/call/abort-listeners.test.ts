import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type AbortListener, addAbortListener, removeAbortListener } from './abort-listeners.ts'

function recorder(told: unknown[], also: () => void = () => {}): AbortListener {
  return {
    onAbort(reason) {
      told.push(reason)
      also()
    },
  }
}

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length
}

describe('the abort listeners of a signal', () => {
  it('are behind one listener of the signal, however many there are', () => {
    const { signal } = new AbortController()
    const all = Array.from({ length: 100 }, () => recorder([]))

    for (const listener of all) addAbortListener(signal, listener)

    expect(listeners(signal)).toBe(1)
    for (const listener of all.slice(1)) removeAbortListener(signal, listener)
    expect(listeners(signal)).toBe(1)
    removeAbortListener(signal, all[0] as AbortListener)
    expect(listeners(signal)).toBe(0)
  })

  it('are all called with the reason, in order, and once', () => {
    const controller = new AbortController()
    const told: unknown[] = []
    addAbortListener(controller.signal, recorder(told))
    addAbortListener(
      controller.signal,
      recorder(told, () => told.push('second')),
    )

    controller.abort('stop')
    controller.signal.dispatchEvent(new Event('abort'))

    expect(told).toEqual(['stop', 'stop', 'second'])
    expect(listeners(controller.signal)).toBe(0)
  })

  it('are not called once they are removed, also while others are', () => {
    const controller = new AbortController()
    const told: unknown[] = []
    const last = recorder(told)
    const removes = recorder([], () => removeAbortListener(controller.signal, last))
    addAbortListener(controller.signal, removes)
    addAbortListener(controller.signal, last)

    controller.abort('stop')

    expect(told).toEqual([])
  })

  it('can be added again after all were removed', () => {
    const controller = new AbortController()
    const told: unknown[] = []
    const listener = recorder(told)

    addAbortListener(controller.signal, listener)
    removeAbortListener(controller.signal, listener)
    addAbortListener(controller.signal, listener)
    controller.abort('stop')

    expect(told).toEqual(['stop'])
  })

  it('may be removed where none was added', () => {
    const { signal } = new AbortController()

    removeAbortListener(signal, recorder([]))

    expect(listeners(signal)).toBe(0)
  })
})
