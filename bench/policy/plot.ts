import type { Findings } from './findings.ts'
import { policyNamed } from './policies.ts'
import { mean } from './statistics.ts'
import { type Outcome, WEIGHTS } from './study.ts'

const ROW = 24
const LEFT = 170
const WIDTH = 520
const TOP = 58
const PARTS = [
  { color: '#1f6f8b', label: 'lost calls', of: ({ lost }: Outcome) => lost },
  {
    color: '#e09f3e',
    label: `${WEIGHTS.failed} × failed attempts`,
    of: ({ failed }: Outcome) => failed * WEIGHTS.failed,
  },
  {
    color: '#9e2a2b',
    label: `${WEIGHTS.waited} × seconds waited for them`,
    of: ({ waited }: Outcome) => waited * WEIGHTS.waited,
  },
]

/** What every policy costs, and what of, as an SVG file. */
export function plot(findings: Findings): string {
  const rows = findings.names
    .filter((name) => !policyNamed(name).ablation)
    .map((name) => ({ name, parts: PARTS.map(({ of }) => mean(findings.of(name).map(of))) }))
  const total = (parts: number[]): number => parts.reduce((sum, part) => sum + part, 0)
  const most = Math.max(...rows.map(({ parts }) => total(parts)))
  const scale = WIDTH / (Math.ceil(most / 50) * 50)
  const bottom = TOP + rows.length * ROW
  const bound = total(rows.find(({ name }) => name === 'oracle')?.parts ?? [0]) * scale + LEFT

  const lines = rows.flatMap(({ name, parts }, i) => {
    const y = TOP + i * ROW
    const weight = name === 'auto' ? ' font-weight="bold"' : ''
    let x = LEFT
    const bars = parts.map((part, j) => {
      const width = part * scale
      const bar = `<rect x="${n(x)}" y="${y + 4}" width="${n(width)}" height="${ROW - 8}" fill="${PARTS[j]?.color}"/>`
      x += width
      return bar
    })
    return [
      `<text x="${LEFT - 8}" y="${y + 16}" text-anchor="end"${weight}>${name}</text>`,
      ...bars,
      `<text x="${n(x + 6)}" y="${y + 16}"${weight}>${total(parts).toFixed(0)}</text>`,
    ]
  })
  const legend = PARTS.flatMap(({ color, label }, i) => [
    `<rect x="${LEFT + i * 175}" y="30" width="12" height="12" fill="${color}"/>`,
    `<text x="${LEFT + 18 + i * 175}" y="40">${label}</text>`,
  ])
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 60}" height="${bottom + 14}" font-family="system-ui, sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${LEFT}" y="18" font-weight="bold">Cost of 1000 calls, mean of ${findings.seeds.length} scenarios</text>`,
    ...legend,
    ...lines,
    `<line x1="${n(bound)}" y1="${TOP}" x2="${n(bound)}" y2="${bottom}" stroke="#444" stroke-dasharray="3 3"/>`,
    '</svg>',
  ].join('\n')}\n`
}

function n(value: number): string {
  return value.toFixed(1)
}
