/** Each power of two is cut into that many buckets. */
const PARTS = 16
/** The finest step is a 64th of a millisecond. */
const STEPS_PER_MS = 64
/** Durations are told apart up to here, in steps: about an hour. */
const LONGEST = 2 ** 28 - 1
const LAST = bucketOf(LONGEST)

/** A quantile is off by at most this share of itself, or by a 64th of a millisecond. */
export const LATENCY_ERROR: number = 1 / (2 * PARTS)

/** How long calls took: a histogram that is linear within each power of two. */
export class Latency {
  count = 0
  sum = 0
  max = 0
  /** Of the powers of two that were seen and those between: a service knows few of them. */
  #buckets: Uint32Array | null = null
  /** The bucket that they begin with. */
  #first = 0

  record(ms: number): void {
    this.count++
    this.sum += ms
    if (ms > this.max) this.max = ms
    this.#add(bucketOf(Math.min(ms * STEPS_PER_MS, LONGEST)), 1)
  }

  #add(bucket: number, count: number): void {
    const index = bucket - this.#first
    const buckets = this.#buckets
    if (buckets === null || index < 0 || index >= buckets.length) {
      this.#grow(bucket)
      this.#add(bucket, count)
    } else (buckets[index] as number) += count
  }

  #grow(bucket: number): void {
    const power = bucket - (bucket % PARTS)
    const before = this.#buckets
    if (before === null) {
      this.#first = power
      this.#buckets = new Uint32Array(PARTS)
      return
    }
    const first = Math.min(this.#first, power)
    const end = Math.max(this.#first + before.length, power + PARTS)
    this.#buckets = new Uint32Array(end - first)
    this.#buckets.set(before, this.#first - first)
    this.#first = first
  }

  /** The duration that a share `q` of the calls did not exceed, ms; 0 without calls. */
  quantile(q: number): number {
    let rank = Math.ceil(q * this.count)
    const buckets = this.#buckets
    for (let index = 0; buckets !== null && index < buckets.length; index++) {
      rank -= buckets[index] as number
      if (rank <= 0) return Math.min(pointIn(this.#first + index, 0.5), this.max)
    }
    return this.max
  }

  /** Visits the buckets that have calls, shortest first; `upTo` is where the bucket ends, ms. */
  forEachBucket(visit: (upTo: number, calls: number) => void): void {
    const buckets = this.#buckets
    for (let index = 0; buckets !== null && index < buckets.length; index++) {
      const calls = buckets[index] as number
      if (calls > 0) visit(pointIn(this.#first + index, 1), calls)
    }
  }

  clone(): Latency {
    return Latency.restore(this.save())
  }

  save(): SavedLatency {
    const buckets: [number, number][] = []
    this.#buckets?.forEach((count, index) => {
      if (count > 0) buckets.push([this.#first + index, count])
    })
    return { sum: this.sum, max: this.max, buckets }
  }

  static restore({ sum, max, buckets }: SavedLatency): Latency {
    const latency = new Latency()
    latency.sum = sum
    latency.max = max
    for (const [bucket, count] of buckets) {
      latency.#add(Math.min(bucket, LAST), count)
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

/** A share of the way through a bucket, ms. */
function pointIn(bucket: number, share: number): number {
  if (bucket < PARTS) return (bucket + share) / STEPS_PER_MS
  const power = Math.floor(bucket / PARTS) + 3
  return ((PARTS + (bucket % PARTS) + share) * 2 ** (power - 4)) / STEPS_PER_MS
}
