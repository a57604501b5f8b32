import { describe, expect, it } from 'vitest'
import { Simulation } from './simulation.ts'

const SEEDS = Number(process.env['FLEET_SEEDS'] ?? 100)
const FIRST = Number(process.env['FLEET_SEED'] ?? 1)

describe('a fleet whose messages are lost, doubled and late, whose processes crash and whose store forgets', () => {
  it(`keeps what it promises: seeds ${FIRST} to ${FIRST + SEEDS - 1}`, async () => {
    const failures: string[] = []
    for (let seed = FIRST; seed < FIRST + SEEDS && failures.length < 5; seed++) {
      await new Simulation(seed).run(120).catch((error: unknown) => {
        failures.push(`FLEET_SEED=${seed} FLEET_SEEDS=1: ${error}`)
      })
    }

    expect(failures).toEqual([])
  }, 600_000)
})
