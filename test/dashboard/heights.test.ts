import { describe, expect, it } from 'vitest'
import { Heights, indexAt, resize } from '../../dashboard/list/heights.ts'

const KINDS = ['heading', 'row', 'row', 'row'] as const

function create(): { heights: Heights<'heading' | 'row'>; place: () => number[] } {
  const heights = new Heights({ heading: 30, row: 40 })
  const place = () => [...heights.place(KINDS.length, String, (index) => KINDS[index] ?? 'row')]
  return { heights, place }
}

describe('the places of items', () => {
  it('follow from what their kinds are thought to be high', () => {
    expect(create().place()).toEqual([0, 30, 70, 110, 150])
  })

  it('follow from the first one of a kind that was measured', () => {
    const { heights, place } = create()

    expect(heights.measured('row', '2', 41.5)).toBe(true)
    expect(heights.measured('row', '2', 41.5)).toBe(false)

    expect(place()).toEqual([0, 30, 71.5, 113, 154.5])
  })

  it('follow from each one that is of another height than the first one', () => {
    const { heights, place } = create()
    heights.measured('row', '1', 40)

    heights.measured('row', '2', 60)
    expect(place()).toEqual([0, 30, 70, 130, 170])

    heights.measured('row', '2', 40)
    expect(place()).toEqual([0, 30, 70, 110, 150])
  })

  it('are as before when what was measured is forgotten', () => {
    const { heights, place } = create()
    heights.measured('heading', '0', 50)
    heights.measured('row', '1', 60)
    heights.measured('row', '2', 70)

    heights.forget()

    expect(place()).toEqual([0, 30, 70, 110, 150])
  })
})

describe('items that are resized', () => {
  it('move those after them, and not those before', () => {
    const tops = Float64Array.of(0, 30, 70, 110, 150)

    resize(tops, 1, [45, 20])

    expect([...tops]).toEqual([0, 30, 75, 95, 135])
  })

  it('may be the first and the last ones', () => {
    const tops = Float64Array.of(0, 30, 70)

    resize(tops, 0, [10, 10])

    expect([...tops]).toEqual([0, 10, 20])
  })

  it('may be none', () => {
    const tops = Float64Array.of(0, 30)

    resize(tops, 1, [])

    expect([...tops]).toEqual([0, 30])
  })
})

describe('the item at a height', () => {
  const tops = Float64Array.of(0, 30, 70, 110, 150)

  it.each([
    [-1, 0],
    [0, 0],
    [29.9, 0],
    [30, 1],
    [69.9, 1],
    [110, 3],
    [149, 3],
    [1_000, 3],
  ])('at %d px is number %i', (height, index) => {
    expect(indexAt(tops, height)).toBe(index)
  })

  it('of a list without any is none', () => {
    expect(indexAt(new Float64Array(1), 10)).toBe(0)
  })
})
