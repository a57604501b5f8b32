import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks'
import { Heights, indexAt, type Key, resize } from './heights.ts'

interface Props<T extends { readonly length: number }, K extends string> {
  /** Another object when anything has moved. */
  readonly items: T
  readonly keyAt: (items: T, index: number) => Key
  readonly kindAt: (items: T, index: number) => K
  /** How high items of a kind are about, px: until one of them was measured. */
  readonly heights: Readonly<Record<K, number>>
  /** Must return one element. */
  readonly render: (index: number) => JSX.Element
}

/** So few are shown at once, so that the page can be searched and printed. */
const FEW = 80
/** So many beyond those in view are there. */
const BEYOND = 4
/** So many that were not there yet are made in one frame, those in view first; room is kept for the others. */
const PER_FRAME = 2

/** What stays from one rendering to the next. */
class View {
  /** Where it begins in the list, px, and how high it is; the list is so wide. */
  top = 0
  height = innerHeight
  width = 0
  /** Those of the items that are there. */
  keys: ReadonlySet<Key> = new Set()
  /** The request for the next frame, if what was measured is to be shown in it. */
  frame = 0
  /** By how much everything in view has moved because what is above it was measured, px. */
  shift = 0

  /** The first and the last item in it. */
  range(tops: Float64Array): [first: number, last: number] {
    return [indexAt(tops, this.top), indexAt(tops, this.top + this.height)]
  }
}

/** Items of unequal height, of which only those in view are there. */
export function VirtualList<T extends { readonly length: number }, K extends string>({
  items,
  keyAt,
  kindAt,
  heights: estimates,
  render,
}: Props<T, K>): JSX.Element {
  const [, update] = useReducer<number, void>((count) => count + 1, 0)
  const list = useRef<HTMLDivElement>(null)
  const { heights, view } = useMemo(
    () => ({ heights: new Heights(estimates), view: new View() }),
    [],
  )
  const { length } = items
  const keyOf = (index: number) => keyAt(items, index)
  const kindOf = (index: number) => kindAt(items, index)
  const place = () => heights.place(length, keyOf, kindOf)
  const tops = useMemo(place, [items])

  const [first, last] = view.range(tops)
  const begin = length <= FEW ? 0 : Math.max(0, first - BEYOND)
  const end = length <= FEW ? length : Math.min(length, last + 1 + BEYOND)
  const keys = new Set<Key>()
  let left = PER_FRAME
  const make = (index: number) => {
    const key = keyOf(index)
    if (view.keys.has(key) || left-- > 0) keys.add(key)
  }
  for (let index = first; index < end; index++) make(index)
  for (let index = first - 1; index >= begin; index--) make(index)
  const isComplete = keys.size === end - begin

  const measure = (element: HTMLElement) => {
    const measured = Array.from(element.children, heightOf)
    let areOthersKnown = true
    for (const [offset, height] of measured.entries()) {
      const index = begin + offset
      if (!keys.has(keyOf(index))) continue
      if (heights.measured(kindOf(index), keyOf(index), height)) areOthersKnown = false
    }
    const top = tops[first] ?? 0
    // Of thousands a few are measured: to place all takes 4 ms where the processor is slow.
    if (areOthersKnown) resize(tops, begin, measured)
    else tops.set(place())
    view.shift += (tops[first] ?? 0) - top
  }
  const look = useRef(() => {})
  look.current = () => {
    const { current } = list
    if (current === null) return
    const { top, width } = current.getBoundingClientRect()
    view.top = -top
    view.height = innerHeight
    if (view.width !== width) heights.forget()
    view.width = width
    const isOther = heightOf(current) !== tops[length]
    if (isOther) measure(current)
    const [nextFirst, nextLast] = view.range(tops)
    const hasMoved = nextFirst !== first || nextLast !== last
    // In this frame only what would be seen: otherwise it is laid out twice.
    if (view.shift !== 0 || (hasMoved && !isOther)) update()
    else if (isOther) view.frame = requestAnimationFrame(() => update())
  }
  useLayoutEffect(() => {
    view.keys = keys
    if (view.shift !== 0) scrollBy(0, view.shift)
    view.shift = 0
  })
  useEffect(() => {
    if (isComplete) return
    const frame = requestAnimationFrame(() => update())
    return () => cancelAnimationFrame(frame)
  })
  useEffect(() => {
    const onMove = () => look.current()
    // Where items are as high as they were taken to be, the list is as well, and nothing is to be measured.
    const observer = new ResizeObserver(onMove)
    observer.observe(list.current as HTMLElement, { box: 'border-box' })
    addEventListener('scroll', onMove, { passive: true })
    addEventListener('resize', onMove)
    return () => {
      cancelAnimationFrame(view.frame)
      observer.disconnect()
      removeEventListener('scroll', onMove)
      removeEventListener('resize', onMove)
    }
  }, [])
  const before = tops[begin] ?? 0
  const after = (tops[length] ?? 0) - (tops[end] ?? 0)
  return (
    <div
      ref={list}
      role="rowgroup"
      style={{ paddingTop: `${before}px`, paddingBottom: `${after}px` }}
    >
      {Array.from({ length: end - begin }, (_, offset) => {
        const index = begin + offset
        const key = keyOf(index)
        if (keys.has(key)) return render(index)
        const height = (tops[index + 1] ?? 0) - (tops[index] ?? 0)
        return <div key={key} role="presentation" style={{ height: `${height}px` }} />
      })}
    </div>
  )
}

/** To the step of layouts: where it is scrolled to leaves traces in the last digits. */
function heightOf(element: Element): number {
  return Math.round(element.getBoundingClientRect().height * 64) / 64
}
