import type { JSX } from 'preact'
import { age, isStale, mode, nextIn, restartedAt, retry } from './connection.ts'
import { clock, span, visible } from './format.ts'
import { now, processes, session } from './state.ts'

/** After so long without an answer it is said how old everything is, ms. */
const OLD = 5_000

export function Live(): JSX.Element {
  const isOld = mode.value !== 'loading' && age.value >= OLD
  const isFine = mode.value === 'live' && !isOld
  const text = isOld
    ? `${span(age.value)} old`
    : { live: 'Live', polling: 'Polling', loading: 'Connecting', lost: 'Not connected' }[mode.value]
  return (
    <span class={isFine ? 'live' : 'live off'}>
      <i aria-hidden="true" />
      <span>{text}</span>
    </span>
  )
}

export function Banners(): JSX.Element {
  const startedAt = restartedAt.value
  return (
    <>
      <div role="status">
        {isStale.value && (
          <p class="note">
            <span>
              <b>Not connected</b> for {span(age.value)}. What you see is from{' '}
              {clock(now.value, now.value)}; nothing can be changed from here until it is back. Next
              try in {span(nextIn.value)}.
            </span>
            <button type="button" class="button small" onClick={retry}>
              Try now
            </button>
          </p>
        )}
        {startedAt !== undefined && (
          <p class="note">
            <span>
              The process was restarted at {clock(startedAt, now.value)}; its history begins there.
            </span>
            <button
              type="button"
              class="button small"
              onClick={() => {
                restartedAt.value = undefined
              }}
            >
              Close
            </button>
          </p>
        )}
        {processes.value.length > 1 && (
          <p class="note">
            <span>
              <b>These numbers come from one process at a time</b>: {processes.value.length} answer
              at this address, among them {processes.value.slice(0, 3).map(visible).join(', ')}.
              Reach one of them by itself, as by <code>kubectl port-forward pod/…</code>
            </span>
          </p>
        )}
      </div>
      {session.value !== undefined && !session.value.can.includes('write') && (
        <p class="read-only">You may read here; nothing can be changed.</p>
      )}
    </>
  )
}
