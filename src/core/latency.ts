/** Each power of two is cut into that many buckets. */
const PARTS = 16
/** The finest step is a 64th of a millisecond. */
const STEPS_PER_MS = 64
/** Durations are told apart up to here, in steps: about an hour. */
const LONGEST = 2 ** 28 - 1
const BUCKETS = bucketOf(LONGEST) + 1

/** A quantile is off by at most this share of itself, or by a 64th of a millisecond. */
export const LATENCY_ERROR: number = 1 / (2 * PARTS)

/** How long calls took: a histogram of fixed size, linear within each power of two. */
export class Latency {
  count = 0
  sum = 0
  max = 0
  readonly #buckets = new Uint32Array(BUCKETS)

  record(ms: number): void {
    this.count++
    this.sum += ms
    if (ms > this.max) this.max = ms
    const bucket = bucketOf(Math.min(ms * STEPS_PER_MS, LONGEST))
    ;(this.#buckets[bucket] as number)++
  }

  /** The duration that a share `q` of the calls did not exceed, ms; 0 without calls. */
  quantile(q: number): number {
    let rank = Math.ceil(q * this.count)
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      rank -= this.#buckets[bucket] as number
      if (rank <= 0) return Math.min(middleOf(bucket), this.max)
    }
    return this.max
  }

  clone(): Latency {
    return Latency.restore(this.save())
  }

  save(): SavedLatency {
    const buckets: [number, number][] = []
    this.#buckets.forEach((count, bucket) => {
      if (count > 0) buckets.push([bucket, count])
    })
    return { sum: this.sum, max: this.max, buckets }
  }

  static restore({ sum, max, buckets }: SavedLatency): Latency {
    const latency = new Latency()
    latency.sum = sum
    latency.max = max
    for (const [bucket, count] of buckets) {
      latency.#buckets[Math.min(bucket, BUCKETS - 1)] = count
      latency.count += count
    }
    return latency
  }
}

/** The buckets that are not empty, with their counts. */
export interface SavedLatency {
  readonly sum: number
  readonly max: number
  readonly buckets: readonly (readonly [bucket: number, count: number])[]
}

function bucketOf(steps: number): number {
  const whole = steps | 0
  if (whole < PARTS) return whole
  const power = 31 - Math.clz32(whole)
  return (power - 3) * PARTS + ((whole >>> (power - 4)) & (PARTS - 1))
}

/** In ms. */
function middleOf(bucket: number): number {
  if (bucket < PARTS) return (bucket + 0.5) / STEPS_PER_MS
  const power = Math.floor(bucket / PARTS) + 3
  const width = 2 ** (power - 4)
  return ((PARTS + (bucket % PARTS)) * width + width / 2) / STEPS_PER_MS
}
