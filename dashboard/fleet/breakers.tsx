import type { JSX } from 'preact'
import type { FleetRow, FleetState } from '../../src/admin/index.ts'
import { count, visible } from '../format.ts'
import { breakerHash } from '../route.ts'
import { StateBadge, toneOf } from '../state-badge.tsx'

export function Breakers({
  rows,
  total,
}: {
  rows: readonly FleetRow[]
  total: number
}): JSX.Element {
  return (
    <table class="fleet">
      <thead>
        <tr>
          <th>Breaker</th>
          <th>Fleet says</th>
          <th>{total === 1 ? '1 process' : `${count(total)} processes`}</th>
          <th class="number">Applied by</th>
          <th>Note</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <td>
              <a href={breakerHash(row.name)}>{visible(row.name)}</a>
            </td>
            <td>
              <StateBadge badge={row.state} />
            </td>
            <td>
              <Parts parts={row.parts} />
            </td>
            <td class="number applied">
              {row.override === null && row.behind.length === 0 ? (
                <span class="zero">–</span>
              ) : (
                <span class={row.behind.length > 0 ? 'warn' : ''}>
                  {count(total - row.behind.length)} of {count(total)}
                </span>
              )}
            </td>
            <td>
              {visible(row.text)}
              {row.more !== '' && <small>{visible(row.more)}</small>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const words = (state: FleetState): string => state.replace('forced-', 'forced ')

function Parts({ parts }: { parts: FleetRow['parts'] }): JSX.Element {
  const text = parts.map(([state, n]) => `${count(n)} ${words(state)}`).join(' · ')
  return (
    <>
      <span class="parts" aria-hidden="true">
        {parts.map(([state, n]) => (
          <i key={state} class={toneOf(state)} style={{ flex: n }} />
        ))}
      </span>
      <small>{text}</small>
    </>
  )
}
