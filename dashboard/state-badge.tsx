import type { JSX } from 'preact'
import type { Row, Shown } from '../src/admin/index.ts'
import { isIdle } from '../src/admin/order.ts'

export type Badge = Shown | 'idle'

/** What a row is shown as. */
export function badgeOf(row: Pick<Row, 'state' | 'override' | 'class' | 'why'>): Badge {
  if (row.override !== null) return row.override.mode
  return row.state === 'closed' && isIdle(row) ? 'idle' : row.state
}

/** How long it has been as its badge says. A probe between does not make an open one young. */
export function shownFor({ state, stateFor, trippedFor, override }: Row): number {
  return state === 'open' && override === null ? (trippedFor ?? stateFor) : stateFor
}

export function isByHand(badge: Badge): boolean {
  return badge === 'forced-open' || badge === 'forced-closed' || badge === 'disabled'
}

/** The colours of a state: those of overrides are their own, whatever they do. */
export function toneOf(badge: Badge): string {
  return isByHand(badge) ? 'hand' : badge
}

/** The lever of a switch, between contacts at 5 and 19. */
const LEVERS: Readonly<Record<Badge, string>> = {
  open: 'M5 11 14 2.5',
  'half-open': 'M5 11 16.5 6.2',
  closed: 'M5 11H19',
  idle: 'M5 11H19',
  'forced-open': 'M5 11 14 2.5',
  'forced-closed': 'M5 11H19',
  disabled: 'M5 11C8 2.5 16 2.5 19 11',
}

/** What leads to the contacts, and these: rings so small that their strokes fill them. */
const CONTACTS =
  'M.9 11H5m14 0h4.1M4.4 11a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0m14 0a.6.6 0 1 0 1.2 0 .6.6 0 1 0-1.2 0'

/** A switch that is up, half up or level; with a square on its lever it is held by hand. */
export function SwitchIcon({ badge, size = 24 }: { badge: Badge; size?: number }): JSX.Element {
  return (
    <svg
      class="switch"
      width={size}
      height={(size * 14) / 24}
      viewBox="0 0 24 14"
      aria-hidden="true"
    >
      <path d={badge === 'half-open' ? CONTACTS : CONTACTS + LEVERS[badge]} />
      {badge === 'half-open' && <path d={LEVERS[badge]} stroke-dasharray="2.4 3" />}
      {isByHand(badge) && badge !== 'disabled' && (
        <rect x="7.6" y={badge === 'forced-open' ? 4.1 : 8.6} width="4.8" height="4.8" rx="1" />
      )}
    </svg>
  )
}

export function StateBadge({ badge, filled }: { badge: Badge; filled?: boolean }): JSX.Element {
  return stateBadge(badge, filled)
}

/** The same without a component, which costs more where there are many. */
export function stateBadge(badge: Badge, filled?: boolean): JSX.Element {
  return (
    <span class={`badge ${toneOf(badge)}${filled ? ' filled' : ''}`}>
      {SwitchIcon({ badge })}
      {badge.replace('forced-', 'forced ')}
    </span>
  )
}
