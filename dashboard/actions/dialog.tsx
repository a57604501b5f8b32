import type { JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Operation, Row, Write } from '../../src/admin/index.ts'
import { ApiError } from '../api.ts'
import { isStale } from '../connection.ts'
import { clock, visible } from '../format.ts'
import { rowOf } from '../rows.ts'
import { log, now, session } from '../state.ts'
import { type Badge, badgeOf, SwitchIcon } from '../state-badge.tsx'
import { Choices } from './choices.tsx'
import { ConfigureFields, parsePatch } from './configure-fields.tsx'
import { Duration, type Lasting, msOf } from './duration.tsx'
import { asked, CONTROLS, perform } from './operations.ts'

/** The dialog of what is asked for; the one that is open. */
export function Dialog(): JSX.Element | null {
  const { value } = asked
  if (value === undefined) return null
  return <Asking key={`${value.operation} ${value.name}`} {...value} />
}

const ICONS: Readonly<Partial<Record<Operation, Badge>>> = {
  'force-open': 'forced-open',
  'force-closed': 'forced-closed',
  disable: 'disabled',
  trip: 'open',
  reset: 'closed',
}
const SCOPES = ['All processes', 'This process only'] as const
const STORED_NAME = 'short-circuit-name'
const SHORTEST = 3

function Asking({ name, operation }: { name: string; operation: Operation }): JSX.Element {
  const element = useRef<HTMLDialogElement>(null)
  const row = rowOf(name)
  // What was seen when it was opened: whatever changes from then on is to be said first.
  const [version, setVersion] = useState(row?.version ?? '')
  const [reason, setReason] = useState('')
  const [by, setBy] = useState(() => localStorage.getItem(STORED_NAME) ?? '')
  const [lasting, setLasting] = useState<Lasting>({ choice: '10 min', other: '', typed: '' })
  const [patch, setPatch] = useState('')
  const [problem, setProblem] = useState<string | undefined>(undefined)
  const [busy, setBusy] = useState(false)
  const [isHere, setHere] = useState(false)
  const isShared = !!session.value?.fleet && row?.fleet != null && operation !== 'configure'
  const control = CONTROLS[operation]
  const ms = control.lasts ? msOf(lasting) : undefined
  const asksName = session.value?.by === null
  const isReady =
    reason.trim().length >= SHORTEST &&
    (!control.lasts || ms !== undefined) &&
    (operation !== 'configure' || parsePatch(patch) !== undefined)

  // Before it is painted, so that what is typed at once is not lost.
  useLayoutEffect(() => {
    const opener = document.activeElement
    element.current?.showModal()
    element.current?.querySelector('textarea')?.focus()
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    }
  }, [])

  const close = () => {
    asked.value = undefined
  }
  const submit = async () => {
    if (!isReady || busy || isStale.value) return
    setBusy(true)
    setProblem(undefined)
    const body: Write = {
      reason: reason.trim(),
      ...(asksName && by.trim() !== '' ? { by: by.trim() } : {}),
      ...(ms === undefined ? {} : { for: ms }),
      ...(isShared && isHere ? { scope: 'process' as const } : {}),
      ...(operation === 'configure' ? { patch: parsePatch(patch) ?? {} } : {}),
    }
    try {
      if (asksName) localStorage.setItem(STORED_NAME, by.trim())
      await perform(name, operation, body, version)
      close()
    } catch (error) {
      setProblem(textOf(error))
      const changed = error instanceof ApiError ? error.body.changed : undefined
      if (changed !== undefined) setVersion(changed.version)
    } finally {
      setBusy(false)
    }
  }

  return (
    <dialog ref={element} aria-labelledby="asked" onClose={close}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <h2 id="asked" class={control.tone}>
          <SwitchIcon badge={ICONS[operation] ?? (row ? badgeOf(row) : 'closed')} size={28} />
          {control.title(visible(name))}
        </h2>
        {operation === 'configure' && row && (
          <ConfigureFields name={name} text={patch} onText={setPatch} />
        )}
        <Reason text={reason} onText={setReason} onSubmit={() => void submit()} />
        {control.lasts && <Duration lasting={lasting} onChange={setLasting} />}
        {isShared && (
          <fieldset>
            <legend>Where?</legend>
            <Choices
              name="scope"
              labels={SCOPES}
              chosen={isHere ? 'This process only' : 'All processes'}
              onChoose={(label) => setHere(label === 'This process only')}
            />
          </fieldset>
        )}
        {asksName && (
          <label>
            Your name <small>nobody signs in here; the log says so</small>
            <input
              value={by}
              maxLength={100}
              autocomplete="username"
              onInput={({ currentTarget }) => setBy(currentTarget.value)}
            />
          </label>
        )}
        <Effect row={row} operation={operation} ms={ms} />
        <div role="alert">{problem !== undefined && <p class="problem">{problem}</p>}</div>
        <footer>
          <span class="faint">
            {session.value?.by !== null && (
              <>
                As <b>{visible(session.value?.by ?? '')}</b>.{' '}
              </>
            )}
            It goes to the log{operation === 'reset' ? '.' : '; you can undo it.'}
          </span>
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button
            type="submit"
            class={`button ${control.tone}`}
            disabled={!isReady || busy || isStale.value}
          >
            {control.verb}
            {control.lasts &&
              ms !== undefined &&
              (ms === null ? ', no end' : ` for ${textFor(lasting)}`)}
          </button>
        </footer>
      </form>
    </dialog>
  )
}

function textFor({ choice, other }: Lasting): string {
  return choice === 'Other…' ? other.trim() : choice
}

function textOf(error: unknown): string {
  if (!(error instanceof ApiError))
    return 'There was no answer: look at the log before you try again.'
  const { changed, hint } = error.body
  if (changed !== undefined) {
    const who = changed.by === null ? 'It' : `${visible(changed.by)}: it`
    const what = changed.text === null ? 'has changed' : visible(changed.text)
    const when = changed.at === null ? '' : ` at ${clock(changed.at, now.value)}`
    return `It has changed since you opened this. ${who} ${what}${when}. Look again; the button now does it nevertheless.`
  }
  return visible([error.message, hint].filter(Boolean).join(' '))
}

function Effect({
  row,
  operation,
  ms,
}: {
  row: Row | undefined
  operation: Operation
  ms: number | null | undefined
}): JSX.Element | null {
  if (row === undefined || operation === 'configure') return null
  const until = ms === undefined || ms === null ? null : clock(now.value + ms, now.value)
  const control = CONTROLS[operation]
  if (control.lasts && ms === undefined) return null
  return <p class={`effect ${control.tone}`}>{control.effect(row, until)}</p>
}

/** So many reasons that were given before are offered. */
const MOST_REASONS = 3

function Reason({
  text,
  onText,
  onSubmit,
}: {
  text: string
  onText: (text: string) => void
  onSubmit: () => void
}): JSX.Element {
  const reasons = log.value
    .filter(({ via, kind }) => via !== 'code' && kind !== 'rejected')
    .map(({ reason }) => reason ?? '')
    .filter((reason) => reason !== '' && !reason.startsWith('Undo: '))
  const recent = [...new Set(reasons)].slice(0, MOST_REASONS)
  return (
    <div>
      <label>
        Why? <small>whoever is paged next will read this</small>
        <textarea
          value={text}
          maxLength={500}
          required
          onInput={({ currentTarget }) => onText(currentTarget.value.replaceAll('\n', ' '))}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return
            event.preventDefault()
            if (event.metaKey || event.ctrlKey) onSubmit()
          }}
        />
      </label>
      {recent.length > 0 && (
        <div class="chips">
          {recent.map((reason) => (
            <button key={reason} type="button" onClick={() => onText(reason)}>
              {visible(reason)}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}
