import type { JSX } from 'preact'
import type { Row } from '../../src/admin/index.ts'
import { OperationButton } from '../actions/menu.tsx'
import { clock, span, visible } from '../format.ts'
import { canWrite, now } from '../state.ts'
import { SwitchIcon } from '../state-badge.tsx'

const EXTEND = {
  'forced-open': 'force-open',
  'forced-closed': 'force-closed',
  disabled: 'disable',
} as const

export function OverrideBar({
  row,
  override,
}: {
  row: Row
  override: NonNullable<Row['override']>
}): JSX.Element {
  const { mode, by, reason, since, until } = override
  return (
    <div class="held">
      <SwitchIcon badge={mode} />
      <span>
        Held by hand: <b>{mode.replace('-', ' ')}</b>
        {by !== null && (
          <>
            {' '}
            by <b>{visible(by)}</b>
          </>
        )}{' '}
        since {clock(since, now.value)},{' '}
        {until === null ? (
          <b>no end</b>
        ) : (
          <>
            lifts itself at {clock(until, now.value)} (<b>{span(until - now.value)}</b> left)
          </>
        )}
        .{reason !== null && <> “{visible(reason)}”</>}
      </span>
      {canWrite.value && (
        <OperationButton row={row} operation={EXTEND[mode]} label="Extend…" class="small" />
      )}
    </div>
  )
}
