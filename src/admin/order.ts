import type { Row } from './row.ts'

/** Not called for so long that this is all there is to say. */
export function isIdle({ class: severity, why }: Pick<Row, 'class' | 'why'>): boolean {
  return severity === 3 && why !== ''
}

/**
 * How much it matters that calls fail or are rejected, by how many a second: the same for all within a factor of
 * two, and for all below two a second, which go by name then. Otherwise breakers of about the same rate, or with a
 * call now and then, would change places all the time.
 */
export function impactOf(perSecond: number): number {
  return perSecond <= 0 ? 0 : Math.max(1, Math.floor(Math.log2(perSecond)) + 1)
}

/** The order of lists: by class, by what happens to calls, by name. */
export function worstFirst(a: Row, b: Row): number {
  return (
    a.class - b.class ||
    Number(isIdle(a)) - Number(isIdle(b)) ||
    impactOfRow(b) - impactOfRow(a) ||
    (a.name < b.name ? -1 : 1)
  )
}

/** Of the healthy ones it would only be noise. */
function impactOfRow({ class: severity, rates }: Row): number {
  return severity === 3 ? 0 : impactOf(rates.failed + rates.rejected)
}
