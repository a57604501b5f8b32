import {
  measureElement,
  observeWindowOffset,
  observeWindowRect,
  Virtualizer,
  windowScroll,
} from '@tanstack/virtual-core'
import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks'

interface Props<T> {
  readonly items: readonly T[]
  readonly keyOf: (item: T) => string
  readonly heightOf: (item: T) => number
  /** Must pass on what it gets to the element of the item, as `ref` and `data-index`. */
  readonly render: (item: T, measure: Measure, index: number) => JSX.Element
}

/** The same each time, so that items that stay need not be rendered again. */
export type Measure = (element: HTMLElement | null) => void

/** So few are shown at once, so that the page can be searched and printed. */
const FEW = 80

/** Items of unequal height, of which only those in view are there. */
export function VirtualList<T>({ items, keyOf, heightOf, render }: Props<T>): JSX.Element {
  const [, update] = useReducer<number, void>((count) => count + 1, 0)
  const [margin, setMargin] = useState(0)
  const place = useRef<HTMLDivElement>(null)
  // With another function all items are placed anew, which takes too long while somebody scrolls.
  const getItemKey = useMemo(() => (index: number) => keyOf(items[index] as T), [items])
  const options = {
    count: items.length,
    getScrollElement: () => window,
    estimateSize: (index: number) => heightOf(items[index] as T),
    getItemKey,
    overscan: items.length <= FEW ? FEW : 8,
    scrollMargin: margin,
    scrollToFn: windowScroll,
    observeElementRect: observeWindowRect,
    observeElementOffset: observeWindowOffset,
    measureElement,
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
        return render(item, virtualizer.measureElement, index)
      })}
    </div>
  )
}
