import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Operation, Row } from '../../src/admin/index.ts'
import { isStale } from '../connection.ts'
import { visible } from '../format.ts'
import { rowOf } from '../rows.ts'
import { canWrite } from '../state.ts'
import { ask, CONTROLS, operationsFor } from './operations.ts'

interface Open {
  readonly name: string
  readonly button: HTMLElement
}

const open = signal<Open | undefined>(undefined)

export function OperationButton({
  row,
  operation,
  label = `${CONTROLS[operation].label}…`,
  class: name = '',
}: {
  row: Row
  operation: Operation
  label?: string
  class?: string
}): JSX.Element {
  return (
    <button
      type="button"
      class={`button ${name}`}
      disabled={isStale.value}
      onClick={() => ask(row.name, operation)}
    >
      {label}
    </button>
  )
}

/** Of a breaker that is held by hand, what lifts that; of others, what may be done. */
export function MenuButton({ row, label }: { row: Row; label?: string }): JSX.Element | null {
  if (!canWrite.value) return null
  if (label === undefined && row.override !== null) {
    return (
      <button
        type="button"
        class="button small"
        disabled={isStale.value}
        aria-label={`Release ${visible(row.name)}`}
        onClick={() => ask(row.name, 'release')}
      >
        Release…
      </button>
    )
  }
  return (
    <button
      type="button"
      class={label === undefined ? 'button small' : 'button'}
      disabled={isStale.value}
      aria-haspopup="menu"
      aria-expanded={open.value?.name === row.name}
      aria-label={`${label ?? 'Act on'} ${label === undefined ? visible(row.name) : 'actions'}`}
      onClick={({ currentTarget }) => {
        open.value =
          open.value?.name === row.name ? undefined : { name: row.name, button: currentTarget }
      }}
    >
      {label ?? 'Act'} <span aria-hidden="true">▾</span>
    </button>
  )
}

const WIDTH = 220
const MARGIN = 8

/** The one menu of the page, below the button that opened it. */
export function Menu(): JSX.Element | null {
  const element = useRef<HTMLDivElement>(null)
  const { value } = open
  const row = value && rowOf(value.name)
  useEffect(() => {
    if (value === undefined) return
    const { current } = element
    if (current !== null) place(current, value.button)
    current?.querySelector('button')?.focus()
    const close = (event: Event) => {
      if (event.target instanceof Node && value.button.contains(event.target)) return
      if (event.target instanceof Node && current?.contains(event.target)) return
      open.value = undefined
    }
    addEventListener('pointerdown', close)
    addEventListener('scroll', close)
    return () => {
      removeEventListener('pointerdown', close)
      removeEventListener('scroll', close)
    }
  }, [value])
  if (value === undefined || row === undefined) return null
  return (
    <div
      ref={element}
      class="menu"
      role="menu"
      aria-label={`What to do to ${visible(row.name)}`}
      onKeyDown={onKey}
    >
      {operationsFor(row).map((operation) => (
        <button
          key={operation}
          type="button"
          role="menuitem"
          onClick={() => {
            value.button.focus()
            open.value = undefined
            ask(row.name, operation)
          }}
        >
          {CONTROLS[operation].label}…
          {CONTROLS[operation].key && <kbd aria-hidden="true">{CONTROLS[operation].key}</kbd>}
        </button>
      ))}
    </div>
  )
}

function place(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect()
  const { offsetHeight } = menu
  const below = at.bottom + 4
  const top = below + offsetHeight > innerHeight ? at.top - offsetHeight - 4 : below
  menu.style.top = `${Math.max(MARGIN, top)}px`
  menu.style.left = `${Math.max(MARGIN, at.right - WIDTH)}px`
  menu.style.width = `${WIDTH}px`
}

function onKey(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const buttons = [...event.currentTarget.querySelectorAll('button')]
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
  const moves: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: buttons.length - 1,
  }
  const next = moves[event.key]
  if (next !== undefined) {
    event.preventDefault()
    buttons.at(next % buttons.length)?.focus()
  } else if (event.key === 'Escape' || event.key === 'Tab') {
    event.preventDefault()
    event.stopPropagation()
    open.value?.button.focus()
    open.value = undefined
  }
}
