import type { JSX } from 'preact'
import type { ProcessRow } from '../../src/admin/index.ts'
import { span, visible } from '../format.ts'
import { breakerHash } from '../route.ts'

const PILLS: Readonly<Partial<Record<ProcessRow['state'], string>>> = {
  behind: 'bad',
  silent: 'bad',
  isolated: 'warn',
  degraded: 'warn',
}

export function Processes({
  rows,
  now,
  here,
}: {
  rows: readonly ProcessRow[]
  now: number
  here: string
}): JSX.Element {
  return (
    <table class="fleet">
      <thead>
        <tr>
          <th>Process</th>
          <th>Status</th>
          <th class="number">Seen</th>
          <th>Version</th>
          <th class="number">Up for</th>
          <th>What differs</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ process, state, seenAt, service, version, uptime, breaker, text, since }) => (
          <tr key={process}>
            <td>
              <code>{visible(process)}</code>
            </td>
            <td>
              {state !== 'up to date' ? (
                <span class={`pill ${PILLS[state] ?? 'plain'}`}>{state}</span>
              ) : (
                process === here && <span class="pill plain">you are here</span>
              )}
            </td>
            <td class="number">{span(Math.max(0, now - seenAt))} ago</td>
            <td>{visible([service, version].filter(Boolean).join(' ')) || '–'}</td>
            <td class="number">{span(uptime)}</td>
            <td>
              {breaker !== null && (
                <>
                  <a href={breakerHash(breaker)}>{visible(breaker)}</a>{' '}
                </>
              )}
              {visible(text)}
              {since !== null && <small>for {span(Math.max(0, now - since))}</small>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
