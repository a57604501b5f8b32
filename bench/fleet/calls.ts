// What a shared breaker adds to a call.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { median } from '../performance/statistics.ts'

const child = fileURLToPath(new URL('call-child.ts', import.meta.url))
const PROCESSES = 5

export const SHAPES = ['success', 'failure', 'rejection'] as const

export interface CallCost {
  readonly shape: (typeof SHAPES)[number]
  /** Of the fastest process, ns. */
  readonly local: number
  readonly shared: number
  /** The middle one of the ratios of each process. */
  readonly ratio: number
  /** The same of another breaker of the process alone. */
  readonly noise: number
}

interface Times {
  readonly local: number
  readonly shared: number
  readonly again: number
}

export async function callCosts(redisPort: number): Promise<CallCost[]> {
  const costs: CallCost[] = []
  for (const shape of SHAPES) {
    const runs: Times[] = []
    for (let i = 0; i < PROCESSES; i++) runs.push(await run(shape, redisPort))
    costs.push({
      shape,
      local: Math.min(...runs.map(({ local }) => local)),
      shared: Math.min(...runs.map(({ shared }) => shared)),
      ratio: median(runs.map(({ local, shared }) => shared / local)),
      noise: median(runs.map(({ local, again }) => again / local)),
    })
  }
  return costs
}

async function run(shape: CallCost['shape'], redisPort: number): Promise<Times> {
  const { stdout } = await promisify(execFile)(process.execPath, [child, shape, String(redisPort)])
  const { state, ...times } = JSON.parse(stdout)
  const expected = shape === 'rejection' ? 'open' : 'closed'
  if (state !== expected) throw new Error(`the shared breaker was ${state}, not ${expected}`)
  return times as Times
}
