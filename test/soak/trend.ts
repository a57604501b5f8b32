/** One reading of something that should not grow. */
export interface Sample {
  readonly at: number
  readonly value: number
}

/** How much the samples grow from the first to the last, by the line that fits them best. */
export function growth(samples: readonly Sample[]): number {
  const [first] = samples
  const last = samples.at(-1)
  if (first === undefined || last === undefined || first === last) return 0
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const at = mean((sample) => sample.at)
  const value = mean((sample) => sample.value)
  const slope =
    mean((sample) => (sample.at - at) * (sample.value - value)) /
    mean((sample) => (sample.at - at) ** 2)
  return slope * (last.at - first.at)
}
