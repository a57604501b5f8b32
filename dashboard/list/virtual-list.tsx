import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks'
import { Heights, indexAt, type Key } from './heights.ts'

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
/** So many that were not there yet are made in one frame, and the others in the next ones. */
const PER_FRAME = 5

/** What stays from one rendering to the next. */
class View {
  /** Where it begins in the list, px, and how high it is; the list is so wide. */
  top = 0
  height = innerHeight
  width = 0
  /** The items that were rendered last. */
  begin = 0
  end = 0
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
  const from = length <= FEW ? 0 : Math.max(0, first - BEYOND)
  const to = length <= FEW ? length : Math.min(length, last + 1 + BEYOND)
  // From what is there already to both sides, as far as there is time in this frame.
  let begin = view.begin < to && view.end > from ? Math.max(view.begin, from) : first
  let end = begin
  let left = PER_FRAME
  const keys = new Set<Key>()
  const hasTimeFor = (index: number) => {
    const key = keyOf(index)
    if (!view.keys.has(key) && left-- <= 0) return false
    keys.add(key)
    return true
  }
  while (end < to && hasTimeFor(end)) end++
  while (begin > from && hasTimeFor(begin - 1)) begin--
  const isComplete = begin === from && end === to

  const measure = (element: HTMLElement) => {
    for (let index = begin; index < end; index++) {
      const child = element.children[index - begin]
      if (child !== undefined) heights.measured(kindOf(index), keyOf(index), heightOf(child))
    }
    const top = tops[first] ?? 0
    tops.set(place())
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
    Object.assign(view, { begin, end, keys })
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
      {Array.from({ length: end - begin }, (_, offset) => render(begin + offset))}
    </div>
  )
}

/** To the step of layouts: where it is scrolled to leaves traces in the last digits. */
function heightOf(element: Element): number {
  return Math.round(element.getBoundingClientRect().height * 64) / 64
}
