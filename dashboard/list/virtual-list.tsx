import { Component, type JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef } from 'preact/hooks'
import { Heights, indexAt, type Key } from './heights.ts'

interface Props<T extends { readonly length: number }, K extends string> {
  /** Another object when anything has moved. */
  readonly items: T
  readonly keyAt: (items: T, index: number) => Key
  readonly kindAt: (items: T, index: number) => K
  /** How high items of a kind are about, px: until one of them was measured. */
  readonly heights: Readonly<Record<K, number>>
  /** Another value when items are to be drawn anew. */
  readonly version: unknown
  /** Must return one element, without a component that follows what changes: all of them would in the same frame. */
  readonly render: (index: number) => JSX.Element
}

/** So few are shown at once, so that the page can be searched and printed. */
const FEW = 80
/** So many beyond those in view are there. */
const BEYOND = 4
/** So many that were not there are drawn in one frame, and the others in the next ones. */
const NEW_PER_FRAME = 3
/** So many that are there are drawn anew in one frame. */
const AGAIN_PER_FRAME = 2

/** As what an item was drawn last. */
interface Drawn {
  readonly index: number
  readonly version: unknown
}

/**
 * Shows what it was given last. It alone keeps that: elements know their parents, and through them would keep all
 * that were beside them in each rendering before.
 */
class Item extends Component<{ readonly element: JSX.Element | undefined }> {
  #shown: JSX.Element | undefined

  override shouldComponentUpdate({ element }: { element: JSX.Element | undefined }): boolean {
    return element !== undefined
  }

  render(): JSX.Element | undefined {
    this.#shown = this.props.element ?? this.#shown
    return this.#shown
  }
}

/** What stays from one rendering to the next. */
class View {
  /** Where it begins in the list, px, and how high it is; the list is so wide. */
  top = 0
  height = innerHeight
  width = 0
  /** The items that were rendered last. */
  begin = 0
  end = 0
  drawn: ReadonlyMap<Key, Drawn> = new Map()
  /** What is drawn by this rendering. Not kept: see {@link Item}. */
  readonly fresh: Map<Key, JSX.Element> = new Map()
  version: unknown
  /** The time of the frame that it was rendered in last, and how many more may be drawn in it. */
  time: CSSNumberish | null = null
  left = 0
  /** Of the next frame, if something is to be drawn in it. */
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
  version,
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
  const time = document.timeline.currentTime
  let left = time === view.time ? view.left : NEW_PER_FRAME
  const drawn = new Map<Key, Drawn>()
  const draw = (index: number) => {
    left--
    drawn.set(keyOf(index), { index, version })
    view.fresh.set(keyOf(index), render(index))
  }
  const hasTimeFor = (index: number) => {
    const before = view.drawn.get(keyOf(index))
    if (before !== undefined) drawn.set(keyOf(index), before)
    else if (left > 0) draw(index)
    return before !== undefined || drawn.has(keyOf(index))
  }
  while (end < to && hasTimeFor(end)) end++
  while (begin > from && hasTimeFor(begin - 1)) begin--
  // What is beside the list is drawn anew in the frame before.
  let again = view.version === version ? Math.min(left, AGAIN_PER_FRAME) : 0
  let isComplete = begin === from && end === to
  const isStale = (index: number) => {
    const item = drawn.get(keyOf(index))
    return item === undefined || item.version !== version || item.index !== index
  }
  for (let index = begin; index < end; index++) {
    if (!isStale(index)) continue
    if (again-- > 0) draw(index)
    else isComplete = false
  }

  const measure = (element: HTMLElement) => {
    for (let index = begin; index < end; index++) {
      const child = element.children[index - begin]
      if (child !== undefined && !isStale(index))
        heights.measured(kindOf(index), keyOf(index), heightOf(child))
    }
    const top = tops[first] ?? 0
    tops.set(place())
    view.shift += (tops[first] ?? 0) - top
  }
  const updateSoon = () => {
    cancelAnimationFrame(view.frame)
    view.frame = requestAnimationFrame(() => update())
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
    else if (isOther) updateSoon()
  }
  useLayoutEffect(() => {
    Object.assign(view, { begin, end, drawn, version, time, left })
    view.fresh.clear()
    if (view.shift !== 0) scrollBy(0, view.shift)
    view.shift = 0
    if (!isComplete) updateSoon()
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
        const key = keyOf(begin + offset)
        return <Item key={key} element={view.fresh.get(key)} />
      })}
    </div>
  )
}

/** To the step of layouts: where it is scrolled to leaves traces in the last digits. */
function heightOf(element: Element): number {
  return Math.round(element.getBoundingClientRect().height * 64) / 64
}
