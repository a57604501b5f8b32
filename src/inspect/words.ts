import type { RecordedFailure } from '../core/outcome.ts'

/** `1 call`, `2 calls`; `1 call has`, `2 calls have`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

export function ago(ms: number): string {
  return ms < 1 ? 'just now' : `${span(ms)} ago`
}

/** A duration in the largest unit of which it is at least one: `250 ms`, `1.5 min`, `5 days`. */
export function span(ms: number): string {
  const whole = Math.max(0, Math.ceil(ms))
  if (whole < 1_000) return `${whole} ms`
  // Rounded first: 59.96 s is 1 min, not 60 s.
  const [seconds, minutes, hours, days] = [1_000, 60_000, 3_600_000, 86_400_000].map((unit) =>
    round(ms / unit),
  ) as [number, number, number, number]
  if (seconds < 60) return `${seconds} s`
  if (minutes < 60) return `${minutes} min`
  return hours < 24 ? `${hours} h` : count(days, 'day')
}

export function percent(share: number): string {
  return `${round(share * 100)} %`
}

/** To one decimal place. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Ends with a full stop, unless an error message at its end already does. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

/** Name, code and message of a failure, without what the message repeats. */
export function failureText({ name, code, message }: Omit<RecordedFailure, 'at'>): string {
  const text = message.replace(/\s+/g, ' ').trim()
  const words = text.split(/[^\p{L}\p{N}_-]+/u)
  // What `AbortSignal` rejects with has a number for a code, which says less than its name.
  const aborted = /^(Abort|Timeout)Error$/.test(name) && typeof code === 'number'
  const told = aborted || code === null || code === name || words.includes(String(code))
  const coded = told ? '' : ` (${code})`
  if (text === '') return name + coded
  return letters(text).startsWith(letters(name)) ? text + coded : `${name}${coded}: ${text}`
}

/** undici names "Headers Timeout Error" `HeadersTimeoutError`. */
function letters(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}
