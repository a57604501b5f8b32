import type { JSX } from 'preact'
import type { BandPart, Shown } from '../src/admin/index.ts'
import { span } from './format.ts'
import { session } from './state.ts'

const CODES: Readonly<Record<Shown, string>> = {
  closed: 'c',
  'half-open': 'h',
  open: 'o',
  'forced-open': 'fo',
  'forced-closed': 'fc',
  disabled: 'd',
}

/** What calls met, over time: the height says it, the colour repeats it. */
export function Band({
  parts,
  from,
  until,
}: {
  parts: readonly BandPart[]
  from: number
  until: number
}): JSX.Element {
  const length = until - from
  const since = session.value?.historySince ?? from
  const place = (at: number) =>
    `${(Math.min(1, Math.max(0, (at - from) / length)) * 100).toFixed(2)}%`
  return (
    <div class="band" role="img" aria-label={describe(parts, from, until)}>
      {parts.map(([at, shown], index) => {
        const end = parts[index + 1]?.[0] ?? until
        // Before, nothing was kept.
        if (end <= since) return null
        const left = place(Math.max(at, since))
        const right = `${(100 - Number.parseFloat(place(end))).toFixed(2)}%`
        return <i key={at} class={CODES[shown]} style={{ left, right }} />
      })}
    </div>
  )
}

/** In one sentence, for those who can't see it. */
function describe(parts: readonly BandPart[], from: number, until: number): string {
  const spent = new Map<Shown, number>()
  for (const [index, [at, shown]] of parts.entries()) {
    const end = parts[index + 1]?.[0] ?? until
    const begin = Math.max(at, from, session.value?.historySince ?? from)
    spent.set(shown, (spent.get(shown) ?? 0) + Math.max(0, end - begin))
  }
  const texts = [...spent].map(([shown, ms]) => `${shown.replace('-', ' ')} for ${span(ms)}`)
  return `In the last ${span(until - from)}: ${texts.join(', ') || 'nothing known'}`
}
