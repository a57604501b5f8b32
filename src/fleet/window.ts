import type { Bucket } from './record.ts'
import type { FleetCounts, FleetPolicy } from './store.ts'

/** How a window is divided. */
type Geometry = Pick<FleetPolicy, 'bucketMs' | 'buckets'>

export function geometryOf({ bucketMs, buckets }: Geometry): string {
  return `${bucketMs}x${buckets}`
}

/** The window now, without what has left it, nor what a clock that went back has put ahead. */
export function addTo(
  window: readonly Bucket[],
  counts: FleetCounts | undefined,
  { bucketMs, buckets }: Geometry,
  now: number,
): readonly Bucket[] {
  const current = Math.floor(now / bucketMs)
  const kept = window.filter(([slot]) => slot > current - buckets && slot <= current)
  if (counts === undefined) return kept
  const last = kept.at(-1)
  const [, success, failure, slow] = last?.[0] === current ? last : [current, 0, 0, 0]
  const added: Bucket = [
    current,
    success + counts.success,
    failure + counts.failure,
    slow + counts.slow,
  ]
  return [...(last?.[0] === current ? kept.slice(0, -1) : kept), added]
}

export function totals(window: readonly Bucket[]): FleetCounts {
  let [success, failure, slow] = [0, 0, 0]
  for (const bucket of window) {
    success += bucket[1]
    failure += bucket[2]
    slow += bucket[3]
  }
  return { success, failure, slow }
}
