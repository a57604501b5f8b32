type Values = readonly (number | null)[]

interface Area {
  readonly width: number
  readonly height: number
  /** The value at the top. */
  readonly most: number
}

/** A round number that is not below: 1, 2 or 5 and zeros. */
export function niceMax(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  const digit = [1, 2, 4, 5, 8, 10].find((one) => one * power >= value) ?? 10
  return digit * power
}

function fixed(value: number): string {
  return value.toFixed(1)
}

/** Bars on top of others. */
export function barPath(values: Values, below: readonly Values[], area: Area): string {
  const { width, height, most } = area
  const step = width / values.length
  return values
    .map((value, index) => {
      if (value === null || value === 0) return ''
      const base = below.reduce((sum, others) => sum + (others[index] ?? 0), 0)
      const tall = Math.max(0.7, (value / most) * height)
      const bottom = height - (base / most) * height
      const [x, w] = [fixed(index * step), fixed(Math.max(1, step - 0.8))]
      return `M${x} ${fixed(bottom)}h${w}v-${fixed(tall)}h-${w}z`
    })
    .join('')
}

/** Where there is nothing, it is interrupted. */
export function linePath(values: Values, area: Area): string {
  let path = ''
  for (const [index, value] of values.entries()) {
    if (value === null) continue
    const before = values[index - 1] ?? null
    path += `${before === null ? 'M' : 'L'}${point(index, value, values.length, area)}`
  }
  return path
}

/** Values without a neighbour, which make no line. */
export function dotPath(values: Values, area: Area): string {
  return values
    .map((value, index) => {
      const isAlone = (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
      if (value === null || !isAlone) return ''
      return `M${point(index, value, values.length, area)}h0`
    })
    .join('')
}

export function areaPath(values: Values, area: Area): string {
  const points = values.map((value, index) => `L${point(index, value ?? 0, values.length, area)}`)
  const { width, height } = area
  const half = width / values.length / 2
  return `M${fixed(half)} ${height}${points.join('')}L${fixed(width - half)} ${height}z`
}

function point(
  index: number,
  value: number,
  length: number,
  { width, height, most }: Area,
): string {
  const x = ((index + 0.5) / length) * width
  return `${fixed(x)} ${fixed(height - (Math.min(value, most) / most) * height)}`
}
