import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { visible } from '../format.ts'
import { done, doneText, undo } from './operations.ts'

const STAYS = 15_000
const failed = signal('')

/** What was done, with what takes it back. */
export function Toast(): JSX.Element | null {
  const [isWatched, setWatched] = useState(false)
  const { value } = done
  useEffect(() => {
    if (value === undefined || isWatched) return
    const timer = setTimeout(() => {
      done.value = undefined
    }, STAYS)
    return () => clearTimeout(timer)
  }, [value, isWatched])
  if (failed.value !== '') {
    return (
      <div class="toast" role="alert">
        <span>{failed.value}</span>
        <button
          type="button"
          class="button small"
          onClick={() => {
            failed.value = ''
          }}
        >
          Close
        </button>
      </div>
    )
  }
  if (value === undefined) return null
  const { name, entry, undo: step, applied } = value
  return (
    <section
      class="toast"
      aria-label="What was done"
      onPointerEnter={() => setWatched(true)}
      onPointerLeave={() => setWatched(false)}
      onFocusCapture={() => setWatched(true)}
      onBlurCapture={() => setWatched(false)}
    >
      <span>
        {doneText(name, entry)}
        {entry.reason !== null && <small>“{visible(entry.reason)}”</small>}
        {applied !== undefined && (
          <small role="status">
            applied by {applied.applied} of {applied.of} processes
            {applied.missing.length > 0 &&
              ` · missing: ${applied.missing
                .slice(0, 3)
                .map(({ process }) => visible(process))
                .join(', ')}`}
          </small>
        )}
      </span>
      {step !== null && (
        <button type="button" class="button small" onClick={undoNow}>
          {step.operation === 'reset' ? 'Reset' : 'Undo'} <kbd aria-hidden="true">u</kbd>
        </button>
      )}
    </section>
  )
}

export function undoNow(): void {
  undo().catch((error: Error) => {
    failed.value = `It was not undone: ${visible(error.message)}`
  })
}
