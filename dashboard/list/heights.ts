export type Key = string | number

/** How high the items of a list are: those of a kind alike, but for some that were measured. */
export class Heights<K extends string> {
  readonly #estimates: Readonly<Record<K, number>>
  #alike: Partial<Record<K, number>> = {}
  readonly #others = new Map<Key, number>()

  constructor(estimates: Readonly<Record<K, number>>) {
    this.#estimates = estimates
  }

  /** The first one of a kind says how high the others are until they are measured: then it returns true. */
  measured(kind: K, key: Key, height: number): boolean {
    const isFirst = this.#alike[kind] === undefined
    this.#alike[kind] ??= height
    const alike = this.#alike[kind]
    if (alike === height) this.#others.delete(key)
    else this.#others.set(key, height)
    return isFirst
  }

  /** Forgets what was measured in a window of another size. */
  forget(): void {
    this.#alike = {}
    this.#others.clear()
  }

  /** Where each item begins, px, and where the last one ends. */
  place(length: number, keyAt: (index: number) => Key, kindAt: (index: number) => K): Float64Array {
    if (this.#others.size > length) this.#others.clear()
    const tops = new Float64Array(length + 1)
    let top = 0
    for (let index = 0; index < length; index++) {
      const kind = kindAt(index)
      const other = this.#others.size === 0 ? undefined : this.#others.get(keyAt(index))
      top += other ?? this.#alike[kind] ?? this.#estimates[kind]
      tops[index + 1] = top
    }
    return tops
  }
}

/** Gives the items from an index on other heights; those after them move. */
export function resize(tops: Float64Array, begin: number, heights: readonly number[]): void {
  const end = begin + heights.length
  const bottom = tops[end] as number
  for (const [offset, height] of heights.entries()) {
    tops[begin + offset + 1] = (tops[begin + offset] as number) + height
  }
  const shift = (tops[end] as number) - bottom
  for (let index = end + 1; index < tops.length; index++)
    tops[index] = (tops[index] as number) + shift
}

/** The index of the item that is at a height, or the first or last one. */
export function indexAt(tops: Float64Array, height: number): number {
  let low = 0
  let high = Math.max(0, tops.length - 2)
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((tops[middle] as number) <= height) low = middle
    else high = middle - 1
  }
  return low
}
