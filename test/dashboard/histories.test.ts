import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Histories } from '../../dashboard/list/histories.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => vi.useRealTimers())

/** Answers after 50 ms with the name and a number, and remembers what was asked for. */
function createHistories(answerOf: (name: string) => string = (name) => name) {
  const asked: string[] = []
  let pending = 0
  let most = 0
  const histories = new Histories(async (name) => {
    asked.push(name)
    most = Math.max(most, ++pending)
    await new Promise((resolve) => setTimeout(resolve, 50))
    pending--
    return `${answerOf(name)} ${asked.length}`
  })
  return { histories, asked, most: () => most }
}

describe('the histories of rows', () => {
  it('are read once each row was in view for a moment, one at a time', async () => {
    const { histories, asked, most } = createHistories()
    const shown: string[] = []
    for (const name of ['a', 'b', 'c']) histories.follow(name, (answer) => shown.push(answer))

    await vi.advanceTimersByTimeAsync(199)
    expect(asked).toEqual([])
    await vi.advanceTimersByTimeAsync(200)

    expect(shown).toEqual(['a 1', 'b 2', 'c 3'])
    expect(most()).toBe(1)
  })

  it('are read anew every ten seconds', async () => {
    const { histories, asked } = createHistories()
    histories.follow('a', () => {})

    await vi.advanceTimersByTimeAsync(9_000)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(24_000)

    expect(asked).toHaveLength(4)
  })

  it('are not read of rows that were scrolled past', async () => {
    const { histories, asked } = createHistories()
    for (let i = 0; i < 50; i++) {
      const leave = histories.follow(`row ${i}`, () => {})
      await vi.advanceTimersByTimeAsync(20)
      leave()
    }

    await vi.advanceTimersByTimeAsync(60_000)

    expect(asked).toEqual([])
  })

  it('are there at once for a row that comes back, which is read again only when it is time', async () => {
    const { histories, asked } = createHistories()
    const leave = histories.follow('a', () => {})
    await vi.advanceTimersByTimeAsync(1_000)
    leave()

    expect(histories.of('a')).toBe('a 1')
    histories.follow('a', () => {})
    await vi.advanceTimersByTimeAsync(5_000)
    expect(asked).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(5_000)

    expect(asked).toHaveLength(2)
  })

  it('stay as they are without an answer, and are asked for again ten seconds later', async () => {
    let isDown = false
    const { histories, asked } = createHistories((name) => {
      if (isDown) throw new Error('not connected')
      return name
    })
    const shown: string[] = []
    histories.follow('a', (answer) => shown.push(answer))
    await vi.advanceTimersByTimeAsync(1_000)
    isDown = true

    await vi.advanceTimersByTimeAsync(20_000)
    expect(shown).toEqual(['a 1'])
    expect(histories.of('a')).toBe('a 1')
    expect(asked).toHaveLength(3)
    isDown = false
    await vi.advanceTimersByTimeAsync(10_000)

    expect(shown).toEqual(['a 1', 'a 4'])
  })

  it('of a row that is gone while they are read go nowhere', async () => {
    const { histories } = createHistories()
    const shown: string[] = []
    const leave = histories.follow('a', (answer) => shown.push(answer))
    await vi.advanceTimersByTimeAsync(210)
    leave()

    await vi.advanceTimersByTimeAsync(1_000)

    expect(shown).toEqual([])
  })

  it('are kept of a hundred rows, and of all in view', async () => {
    const { histories } = createHistories()
    const leaves = Array.from({ length: 150 }, (_, i) => histories.follow(`row ${i}`, () => {}))
    await vi.advanceTimersByTimeAsync(8_000)
    expect(histories.of('row 0')).toBeDefined()
    for (const leave of leaves) leave()
    histories.follow('another', () => {})

    await vi.advanceTimersByTimeAsync(1_000)

    expect(histories.of('row 0')).toBeUndefined()
    expect(histories.of('row 50')).toBeUndefined()
    expect(histories.of('row 51')).toBeDefined()
    expect(histories.of('another')).toBeDefined()
  })
})
