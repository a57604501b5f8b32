export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((_, i) => (i === 0 ? '---' : '--:'))
  return [head, rule, ...rows].map(line).join('\n')
}

/** With two digits, or all before the point. */
export function rounded(value: number): string {
  return value < 10 ? value.toPrecision(2) : String(Math.round(value))
}
