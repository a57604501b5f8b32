import { simulate } from 'short-circuit/testing'
import type { Settings } from './policies.ts'

const WELL = 30_000
const TROUBLE = 45_000
const LENGTH = 120_000
const PHASES = ['before', 'in trouble', 'after']

/** Runs the two minutes, and shows what came of them. */
export function showSimulation(root: HTMLElement, settings: Settings): void {
  const slow = settings.latency > 300
  const failing = settings.failing === 0 && !slow ? 1 : settings.failing
  const run = (policy: Settings['options']) =>
    simulate({
      seed: 1,
      dependency: {
        script: [
          { for: WELL },
          { for: TROUBLE, errorRate: failing, delay: slow ? settings.latency : 0 },
          { for: LENGTH - WELL - TROUBLE },
        ],
        latency: slow ? 50 : settings.latency,
        capacity: Number.POSITIVE_INFINITY,
      },
      traffic: { callsPerSecond: settings.callsPerSecond, timeout: 5_000 },
      policy,
    })
  const result = run(settings.options)
  const { callTimeout } = settings.options
  const limit = callTimeout === undefined ? {} : { callTimeout }
  const without = run({ maxFailures: Number.MAX_SAFE_INTEGER, ...limit })

  const band = root.querySelector('.band') as HTMLElement
  const part = (name: string, from: number, to: number) => {
    const element = document.createElement('i')
    element.className = name
    element.style.left = `${(from / LENGTH) * 100}%`
    element.style.width = `${((to - from) / LENGTH) * 100}%`
    return element
  }
  band.replaceChildren(
    part('trouble', WELL, WELL + TROUBLE),
    ...result.trips.map(({ at, closedAt }) => part('open', at, closedAt ?? LENGTH)),
  )
  const outcome = describe(result, without)
  band.setAttribute('aria-label', outcome)
  const text = root.querySelector('#outcome') as HTMLElement
  text.textContent = outcome
  const rows = result.phases.map(({ offered, succeeded, failed, rejected }, index) => {
    const row = document.createElement('tr')
    const head = document.createElement('th')
    head.scope = 'row'
    head.textContent = PHASES[index] ?? ''
    const cells = [offered, succeeded, failed, rejected].map((count) => {
      const cell = document.createElement('td')
      cell.textContent = count.toLocaleString('en')
      return cell
    })
    row.append(head, ...cells)
    return row
  })
  root.querySelector('tbody')?.replaceChildren(...rows)
}

type Result = ReturnType<typeof simulate>

function describe(result: Result, without: Result): string {
  const { timeToTrip, timeToRecover, trips, secondsWaited } = result
  const waited = `Callers waited ${seconds(secondsWaited * 1_000)} for calls that failed; without a breaker, ${seconds(without.secondsWaited * 1_000)}.`
  if (trips.length === 0) return `It did not open. ${waited}`
  const early = trips.filter(({ at }) => at < WELL).length
  const opened =
    timeToTrip === null
      ? 'It did not open'
      : `It opened ${seconds(timeToTrip)} after the trouble began`
  const closed =
    timeToRecover === null
      ? 'and was not closed at the end'
      : `and was closed ${seconds(timeToRecover)} after it was over`
  return `${opened}, ${closed}. ${early > 0 ? `It had opened before, without trouble. ` : ''}${waited}`
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toLocaleString('en', { maximumFractionDigits: 1 })} s`
}
