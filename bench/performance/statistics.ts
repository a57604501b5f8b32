/** The value that a share `q` of them does not exceed, interpolated. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = q * (sorted.length - 1)
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** A figure that was measured in several processes. */
export interface Figure {
  readonly value: number
  /** Half the way from the lowest process to the highest, as a share of the value. */
  readonly spread: number
}

export function figure(values: readonly number[]): Figure {
  const value = median(values)
  const spread = (Math.max(...values) - Math.min(...values)) / 2 / Math.abs(value)
  return { value, spread: Number.isFinite(spread) ? spread : 0 }
}

/** In another order each time. */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[result[i], result[j]] = [result[j] as T, result[i] as T]
  }
  return result
}
