import { table } from '../markdown.ts'
import { isOwn, listings } from './listings.ts'
import { type Mode, type Results, rowName } from './measured.ts'
import type { Figure } from './statistics.ts'
import type { Scenario } from './subject.ts'

/** A column of the table of ratios. */
export interface Column {
  readonly title: string
  readonly scenario: Scenario
  readonly mode: Mode
}

export const COLUMNS: readonly Column[] = [
  { title: 'success', scenario: 'success', mode: 'sequential' },
  { title: 'success, 1000 at once', scenario: 'success', mode: 'concurrent' },
  { title: '64 functions', scenario: 'many', mode: 'sequential' },
  { title: 'failure', scenario: 'failure', mode: 'sequential' },
  { title: 'open', scenario: 'open', mode: 'sequential' },
  { title: 'open, 1000 at once', scenario: 'open', mode: 'concurrent' },
  { title: 'open, 25 calls deep', scenario: 'deep', mode: 'sequential' },
  { title: 'open, fallback', scenario: 'fallback', mode: 'sequential' },
  { title: 'timeout armed', scenario: 'timeout', mode: 'sequential' },
]

export const FLOORS: Readonly<Record<string, string>> = {
  bare: 'bare call',
  'hand async': 'by hand, async',
  'hand then': 'by hand, `.then`',
  'hand clock': 'by hand, async, reads the clock twice',
  'hand timeout': 'by hand, a timer a call',
}

export function shown(figure: Figure | undefined): string {
  if (figure === undefined) return ''
  const { value, spread } = figure
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0
  const about = Math.round(spread * 100)
  return about === 0 ? value.toFixed(digits) : `${value.toFixed(digits)} ±${about} %`
}

export function ratioTable({ ratios, versions }: Results): string {
  const cells = (name: string): string[] =>
    COLUMNS.map(({ scenario, mode }) => shown(ratios[rowName(name, scenario, mode)]))
  const floors = Object.entries(FLOORS).map(([name, label]) => [label, ...cells(name)])
  const subjects = Object.entries(listings).map(([name, { label, package: from }]) => [
    from === undefined ? `**${label}**` : `${label} ${versions[from]}`,
    ...cells(name),
  ])
  return table(['', ...COLUMNS.map(({ title }) => title)], [...floors, ...subjects])
}

export function syncTable({ ratios }: Results): string {
  const scenarios = ['sync', 'sync-failure', 'sync-open', 'stream'] as const
  const rows = [
    ['bare', 'bare', 'bare'],
    ['by hand', 'hand sync', 'hand stream'],
    ['**seed options**', 'seed', 'seed'],
    ['**auto**', 'auto', 'auto'],
  ].map(([label = '', sync = '', stream = '']) => [
    label,
    ...scenarios.map((scenario) => {
      const contestant = scenario === 'stream' ? stream : sync
      return shown(ratios[rowName(contestant, scenario, 'sequential')])
    }),
  ])
  const head = ['', 'success', 'failure', 'open', 'stream of 10 items']
  return table(head, rows)
}

export function memoryTable({ memory, versions }: Results): string {
  const rows = Object.entries(listings).map(([name, { label, package: from }]) => {
    const { perCall, fresh, used, timers, idle } = memory[name] ?? {}
    return [
      from === undefined ? `**${label}**` : `${label} ${versions[from]}`,
      perCall?.toFixed(0) ?? '',
      fresh?.toFixed(0) ?? '',
      used?.toFixed(0) ?? '',
      timers?.toFixed(0) ?? '',
      idle === undefined ? '' : `${(idle * 100).toFixed(1)} %`,
    ]
  })
  const head = [
    '',
    'bytes a call',
    'bytes a breaker',
    'after 100 calls',
    'timers a breaker',
    '10 000 idle, of a core',
  ]
  return table(head, rows)
}

export function footprintTable({ footprints }: Results): string {
  const rows = footprints.map(({ label, minified, gzipped, importTime }) => [
    label,
    minified.toFixed(0),
    gzipped.toFixed(0),
    shown(importTime),
  ])
  return table(['', 'bytes, minified', 'and gzipped', 'import, ms'], rows)
}

const DIMENSIONS: Readonly<Record<string, string>> = {
  keys: 'keys of a keyed function',
  inFlight: 'calls in flight, seed options',
  inFlightAuto: 'calls in flight, auto',
  window: 'length of a count window, calls',
  duration: 'length of a time window, s',
  listeners: 'listeners of `success`',
  failures: 'calls in the window, a failure, full statistics',
  failuresOpossum: 'calls in the window, a failure, opossum',
}

export function scaleTable({ scale }: Results): string {
  const rows = Object.entries(scale).map(([dimension, sizes]) => [
    DIMENSIONS[dimension] ?? dimension,
    Object.entries(sizes)
      .map(
        ([size, figure]) =>
          `${Number(size).toLocaleString('en').replaceAll(',', ' ')}: ${shown(figure)}`,
      )
      .join('<br>'),
  ])
  return table(['', 'cost of a call'], rows)
}

/** In each column: how much more the others cost than what they are compared with. */
export function comparison({ ratios }: Results): string {
  const rows = COLUMNS.flatMap(({ title, scenario, mode }) => {
    const own = ratios[rowName('seed', scenario, mode)]
    const peers = Object.entries(listings)
      .filter(([name]) => !isOwn(name))
      .flatMap(([name, { label }]) => {
        const figure = ratios[rowName(name, scenario, mode)]
        return figure === undefined ? [] : [{ label, value: figure.value }]
      })
      .sort((a, b) => a.value - b.value)
    if (own === undefined || peers.length === 0) return []
    const factors = peers.map(({ label, value }) => `${label} ${(value / own.value).toFixed(1)}`)
    return [[title, factors.join(', ')]]
  })
  return table(['', 'cost in units of ours with the seed options'], rows)
}
