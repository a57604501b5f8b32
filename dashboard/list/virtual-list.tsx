import {
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
} from '@tanstack/virtual-core'
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'

interface Props<T, K extends string> {
  readonly items: readonly T[]
  readonly keyOf: (item: T) => string
  readonly kindOf: (item: T) => K
  /** How high items of a kind are about, px: until one of them was measured. */
  readonly heights: Readonly<Record<K, number>>
  /**
   * Must pass on `measure` and `index` to the element of the item, as `ref` and `data-index`. With `height` there is
   * no time for more than an element that is so high.
   */
  readonly render: (
    item: T,
    measure: Measure,
    index: number,
    height: number | undefined,
  ) => JSX.Element | null
}

/** The same each time, so that items that stay need not be rendered again. */
export type Measure = (element: HTMLElement | null) => void

/** So few are shown at once, so that the page can be searched and printed. */
const FEW = 80
/** So many that were not there yet are rendered in one frame, and the others in the next ones. */
const PER_FRAME = 10

/** Items of unequal height, of which only those in view are there. */
export function VirtualList<T, K extends string>({
  items,
  keyOf,
  kindOf,
  heights,
  render,
}: Props<T, K>): JSX.Element {
  const [, update] = useReducer<number, void>((count) => count + 1, 0)
  const [margin, setMargin] = useState(0)
  const place = useRef<HTMLDivElement>(null)
  // With another function all items are placed anew, which takes too long while the page is scrolled.
  const getItemKey = useMemo(() => (index: number) => keyOf(items[index] as T), [items])
  const measured = useRef<Record<string, number>>({ ...heights }).current
  const kindAt = (index: number) => kindOf(items[index] as T)
  const options = {
    count: items.length,
    getScrollElement: () => window,
    estimateSize: (index: number) => measured[kindAt(index)] as number,
    getItemKey,
    overscan: items.length <= FEW ? FEW : 4,
    scrollMargin: margin,
    scrollToFn: windowScroll,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    measureElement(
      element: HTMLElement,
      entry: ResizeObserverEntry | undefined,
      { itemSizeCache, indexFromElement }: Virtualizer<Window, HTMLElement>,
    ) {
      const index = indexFromElement(element)
      const height = entry?.borderBoxSize[0]?.blockSize
      // Not read from the element: for each of them, that would be another layout. The observer tells in time.
      if (height === undefined) {
        return itemSizeCache.get(getItemKey(index)) ?? (measured[kindAt(index)] as number)
      }
      measured[kindAt(index)] = Math.round(height)
      return Math.round(height)
    },
    onChange: () => update(),
  }
  const [virtualizer] = useState(() => new Virtualizer<Window, HTMLElement>(options))
  virtualizer.setOptions(options)
  useEffect(() => virtualizer._didMount(), [virtualizer])
  useLayoutEffect(() => {
    virtualizer._willUpdate()
    const top = place.current?.getBoundingClientRect().top ?? 0
    setMargin(Math.round(top + scrollY))
  }, [items])
  const shown = virtualizer.getVirtualItems()
  const complete = useRef<ReadonlySet<string>>(new Set())
  const known = new Set<string>()
  let left = PER_FRAME
  for (const { index } of shown) {
    const key = getItemKey(index)
    if (complete.current.has(key) || left-- > 0) known.add(key)
  }
  complete.current = known
  const isComplete = known.size === shown.length
  useEffect(() => {
    if (isComplete) return
    const frame = requestAnimationFrame(() => update())
    return () => cancelAnimationFrame(frame)
  })
  const before = (shown[0]?.start ?? margin) - margin
  const after = virtualizer.getTotalSize() - ((shown.at(-1)?.end ?? margin) - margin)
  return (
    <div
      ref={place}
      role="rowgroup"
      style={{ paddingTop: `${before}px`, paddingBottom: `${Math.max(0, after)}px` }}
    >
      {shown.map(({ index }) => {
        const item = items[index]
        if (item === undefined) return null
        const height = known.has(keyOf(item)) ? undefined : measured[kindOf(item)]
        return render(item, virtualizer.measureElement, index, height)
      })}
    </div>
  )
}
