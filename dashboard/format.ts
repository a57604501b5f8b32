/** Between a number and its unit. */
const NBSP = '\u00a0'

/** `4 min 15 s`: the two largest units. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = units.findIndex(([amount]) => amount > 0)
  if (first === -1) return `0${NBSP}s`
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => amount + NBSP + unit)
    .join(NBSP)
}

/** A duration that may be short: `840 ms`, `2.00 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}${NBSP}ms`
  return ms < 10_000 ? `${(ms / 1_000).toFixed(2)}${NBSP}s` : span(ms)
}

/** As `Intl.NumberFormat` writes it, whose first instance takes 20 ms or more of the start of a page. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Calls per second. */
export function rate(value: number): string {
  if (value === 0) return '0'
  if (value < 0.1) return '<0.1'
  return value < 10 ? value.toFixed(1) : count(value)
}

export function percent(share: number): string {
  const value = share * 100
  const text = value > 0 && value < 10 ? String(Math.round(value * 10) / 10) : count(value)
  return `${text}${NBSP}%`
}

/** The time of day; with the day if it is not today's. */
export function clock(at: number, now: number): string {
  const date = new Date(at)
  const time = `${minutes(at)}:${twoDigits(date.getSeconds())}`
  if (date.toDateString() === new Date(now).toDateString()) return time
  return `${date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`
}

export function minutes(at: number): string {
  const date = new Date(at)
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}

/** Control characters, among them those that change the direction of what follows, are shown as symbols. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu, (character) => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : '\u2426'
  })
}
