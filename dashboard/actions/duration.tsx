import type { JSX } from 'preact'
import { span } from '../format.ts'
import { session } from '../state.ts'
import { Choices } from './choices.tsx'

export interface Lasting {
  readonly choice: string
  /** As `90s`, for a time that is not among the choices. */
  readonly other: string
  /** What must be typed for no end. */
  readonly typed: string
}

const MINUTE = 60_000
const CHOICES: readonly (readonly [string, number])[] = [
  ['10 min', 10 * MINUTE],
  ['30 min', 30 * MINUTE],
  ['1 h', 60 * MINUTE],
  ['4 h', 240 * MINUTE],
]
const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: MINUTE,
  min: MINUTE,
  h: 60 * MINUTE,
  d: 1_440 * MINUTE,
}

function longest(): number {
  return session.value?.limits.maxFor ?? Number.POSITIVE_INFINITY
}

/** Undefined while it is not said; null for no end. */
export function msOf({ choice, other, typed }: Lasting): number | null | undefined {
  if (choice === 'No end') return typed.trim() === 'no end' ? null : undefined
  if (choice !== 'Other…') return CHOICES.find(([label]) => label === choice)?.[1]
  const [, amount, unit = ''] = /^(\d{1,6}) ?(s|m|min|h|d)$/.exec(other.trim()) ?? []
  const ms = Number(amount) * (UNITS[unit] ?? Number.NaN)
  return ms > 0 && ms <= longest() ? ms : undefined
}

export function Duration({
  lasting,
  onChange,
}: {
  lasting: Lasting
  onChange: (lasting: Lasting) => void
}): JSX.Element {
  const most = longest()
  const labels = CHOICES.filter(([, ms]) => ms <= most).map(([label]) => label)
  const choices = [...labels, 'Other…', ...(most === Number.POSITIVE_INFINITY ? ['No end'] : [])]
  const { choice, other, typed } = lasting
  return (
    <fieldset>
      <legend>
        For how long? <small>then the automatic state decides again</small>
      </legend>
      <Choices
        name="for"
        labels={choices}
        chosen={choice}
        onChoose={(label) => onChange({ ...lasting, choice: label })}
      />
      {choice === 'Other…' && (
        <label class="inner">
          <small>
            As 90s, 45m, 2h or 3d{most < Number.POSITIVE_INFINITY && `; at most ${span(most)}`}
          </small>
          <input
            value={other}
            placeholder="45m"
            onInput={({ currentTarget }) => onChange({ ...lasting, other: currentTarget.value })}
          />
        </label>
      )}
      {choice === 'No end' && (
        <label class="inner">
          <small>Nothing will lift it. Type “no end” if somebody will remember to.</small>
          <input
            value={typed}
            onInput={({ currentTarget }) => onChange({ ...lasting, typed: currentTarget.value })}
          />
        </label>
      )}
    </fieldset>
  )
}
