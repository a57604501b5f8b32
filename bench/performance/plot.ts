import { isOwn, listings } from './listings.ts'
import { type Results, rowName } from './measured.ts'
import type { Scenario } from './subject.ts'

const ROW = 20
const LEFT = 185
const WIDTH = 190
const GAP = 62
const TOP = 58
const [LEAST, MOST] = [0.1, 1_000]
const PANELS: readonly { title: string; scenario: Scenario }[] = [
  { title: 'success', scenario: 'success' },
  { title: 'failure', scenario: 'failure' },
  { title: 'open', scenario: 'open' },
]

const [OWN, PEER, FLOOR] = ['#1f6f8b', '#c9cdd2', '#e09f3e']

/** What a call costs, on a logarithmic scale around the hand-written wrapper, as an SVG file. */
export function plot({ ratios, node, versions }: Results): string {
  const floors = [
    { name: 'bare', label: 'bare call', color: FLOOR },
    { name: 'hand then', label: 'by hand, .then', color: FLOOR },
  ]
  const subjects = Object.entries(listings).map(([name, { label, package: from }]) => ({
    name,
    label: from === undefined ? label : `${label} ${versions[from]}`,
    color: isOwn(name) ? OWN : PEER,
  }))
  const rows = [...floors, ...subjects]
  const bottom = TOP + rows.length * ROW
  const labels = rows.map(
    ({ label, color }, i) =>
      `<text x="${LEFT - 8}" y="${TOP + i * ROW + 14}" text-anchor="end"${color === OWN ? ' font-weight="bold"' : ''}>${label}</text>`,
  )
  const panels = PANELS.flatMap(({ title, scenario }, panel) => {
    const left = LEFT + panel * (WIDTH + GAP)
    const x = (value: number): number =>
      left + (Math.log(value / LEAST) / Math.log(MOST / LEAST)) * WIDTH
    const bars = rows.flatMap(({ name, color }, i) => {
      const value = ratios[rowName(name, scenario, 'sequential')]?.value
      if (value === undefined) return []
      const y = TOP + i * ROW
      return [
        `<rect x="${left}" y="${y + 3}" width="${n(x(value) - left)}" height="${ROW - 6}" fill="${color}"/>`,
        `<text x="${n(x(value) + 4)}" y="${y + 14}">${label(value)}</text>`,
      ]
    })
    return [
      `<text x="${left}" y="${TOP - 10}" font-weight="bold">${title}</text>`,
      ...bars,
      `<line x1="${n(x(1))}" y1="${TOP}" x2="${n(x(1))}" y2="${bottom}" stroke="#444" stroke-dasharray="3 3"/>`,
    ]
  })
  const width = LEFT + PANELS.length * (WIDTH + GAP)
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom + 14}" font-family="system-ui, sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="10" y="20" font-weight="bold">Cost of a call; 1 is an async wrapper written by hand (dashed); logarithmic; Node ${node}</text>`,
    ...labels,
    ...panels,
    '</svg>',
  ].join('\n')}\n`
}

function label(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0)
}

function n(value: number): string {
  return value.toFixed(1)
}
