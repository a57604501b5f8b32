import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { count, minutes, visible } from '../format.ts'
import { replaceHash, route } from '../route.ts'
import { now } from '../state.ts'
import { BreakerRow } from './breaker-row.tsx'
import type { Key } from './heights.ts'
import { fitting, GROUPS, type Items, isHeld, items, sizeOf } from './order.ts'
import { VirtualList } from './virtual-list.tsx'

/** So long after a key the order still holds, ms. */
const KEY_HOLD = 8_000

export function ListTable(): JSX.Element {
  const element = useRef<HTMLDivElement>(null)
  useHold(element)
  const { value } = route
  if (items.value.length === 0) {
    const filter = value.page === 'list' ? value : { query: '', show: 'all' }
    return (
      <div class="list empty">
        <h2>Nothing matches</h2>
        <p>
          Shown is {filter.show === 'all' ? 'every breaker' : `“${filter.show}”`}
          {filter.query !== '' && <> with “{visible(filter.query)}”</>}.
        </p>
        <button type="button" class="button" onClick={() => replaceHash('/', {})}>
          Clear the filters
        </button>
      </div>
    )
  }
  return (
    <div
      ref={element}
      class="list"
      role="table"
      aria-label="Breakers by trouble"
      aria-rowcount={fitting.value.length + 1}
    >
      <div role="rowgroup" class="columns">
        <div role="row" class="row" aria-rowindex={1}>
          <span role="columnheader">State</span>
          <span role="columnheader">Breaker</span>
          <span role="columnheader" aria-label="The last 15 minutes">
            <Axis />
          </span>
          <span role="columnheader" class="num c-calls">
            Calls
          </span>
          <span role="columnheader" class="num">
            Failed
          </span>
          <span role="columnheader" class="num">
            Rejected
          </span>
          <span role="columnheader" class="num">
            p99
          </span>
          <span role="columnheader" class="num c-flight">
            In flight
          </span>
          <span role="columnheader">
            <span class="sr">Act</span>
          </span>
        </div>
      </div>
      <VirtualList
        items={items.value}
        keyAt={keyAt}
        kindAt={kindAt}
        heights={HEIGHTS}
        render={(index) => {
          const { severity, size, firstRow, heading } = items.value.groupAt(index)
          const placed = items.value.rowAt(index)
          if (placed === undefined) {
            return (
              <div key={severity} role="row" class="group">
                <div role="cell">
                  <h2>
                    {GROUPS[severity][0]} · {count(size)}
                  </h2>
                  <span>{GROUPS[severity][1]}</span>
                </div>
              </div>
            )
          }
          return (
            <BreakerRow key={placed.name} name={placed.name} number={firstRow + index - heading} />
          )
        }}
      />
    </div>
  )
}

const HEIGHTS = { group: 36, tall: 87, middle: 58, short: 41 } as const

function keyAt(all: Items, index: number): Key {
  return all.rowAt(index)?.name ?? all.groupAt(index).severity
}

function kindAt(all: Items, index: number): keyof typeof HEIGHTS {
  const row = all.rowAt(index)
  return row === undefined ? 'group' : sizeOf(row)
}

/** Rows must not jump away from under a pointer or the keyboard. */
function useHold(element: { current: HTMLDivElement | null }): void {
  useEffect(() => {
    let timer = 0
    const release = () => {
      isHeld.value = false
    }
    const point = (event: PointerEvent) => {
      if (event.pointerType === 'touch') return
      const target = event.target
      const inside = target instanceof Node && element.current?.contains(target)
      clearTimeout(timer)
      if (inside) isHeld.value = true
      else release()
    }
    const key = () => {
      if (!element.current?.contains(document.activeElement)) return
      isHeld.value = true
      clearTimeout(timer)
      timer = setTimeout(release, KEY_HOLD)
    }
    document.addEventListener('pointerover', point)
    document.documentElement.addEventListener('pointerleave', release)
    document.addEventListener('keydown', key)
    return () => {
      clearTimeout(timer)
      release()
      document.removeEventListener('pointerover', point)
      document.documentElement.removeEventListener('pointerleave', release)
      document.removeEventListener('keydown', key)
    }
  }, [element])
}

function Axis(): JSX.Element {
  const ago = (part: number) => minutes(now.value - part * 5 * 60_000)
  return (
    <span class="axis">
      <span>{ago(3)}</span>
      <span>{ago(2)}</span>
      <span>{ago(1)}</span>
      <span>now</span>
    </span>
  )
}
