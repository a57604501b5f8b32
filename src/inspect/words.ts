export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

export function ago(ms: number): string {
  return ms < 1 ? 'just now' : `${span(ms)} ago`
}

/** Milliseconds in words. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))} ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  if (ms < 3_600_000) return `${Math.round(ms / 6_000) / 10} min`
  return `${Math.round(ms / 360_000) / 10} h`
}

export function percent(share: number): string {
  return `${round(share * 100)} %`
}

export function round(value: number): number {
  return Math.round(value * 10) / 10
}
