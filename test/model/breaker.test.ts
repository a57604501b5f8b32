import fc from 'fast-check'
import { expect, it } from 'vitest'
import { settings } from './operations.ts'
import { type PublicOperation, publicOperation } from './public-operations.ts'
import { PublicPair } from './public-pair.ts'
import { commandsAsked, IN_CI, seedOfRun, Tour } from './runs.ts'

const RUNS_A_ROUND = 200
const commands = commandsAsked(IN_CI) / 10

/** One operation, done to the breaker and to the model. */
class Command implements fc.AsyncCommand<object, PublicPair> {
  readonly operation: PublicOperation
  readonly #tour: Tour

  constructor(operation: PublicOperation, tour: Tour) {
    this.operation = operation
    this.#tour = tour
  }

  check(): boolean {
    return true
  }

  async run(_: object, pair: PublicPair): Promise<void> {
    this.#tour.commands++
    await pair.run(this.operation)
  }

  toString(): string {
    return JSON.stringify(this.operation)
  }
}

const publicSettings = fc.record({
  settings,
  callTimeout: fc.option(fc.constantFrom(1, 50, 100, 400), { nil: undefined }),
  listeners: fc.constantFrom('none' as const, 'throwing' as const, 'meddling' as const),
})

it(`agrees with the reference model over ${commands} commands`, { timeout: 1e7 }, async () => {
  const tour = new Tour()
  const seed = seedOfRun()
  process.stdout.write(`breaker: MODEL_SEED=${seed}\n`)
  const command = publicOperation.map((value) => new Command(value, tour))
  const run = fc.asyncProperty(
    publicSettings,
    fc.constantFrom(0.25, 0.5, 0.75),
    fc.commands([command], { maxCommands: 60, size: 'max' }),
    async (settings, chance, commands) => {
      const pair = new PublicPair(settings, chance)
      await fc.asyncModelRun(() => ({ model: {}, real: pair }), commands)
      tour.runs++
      if (pair.seen.has('half-open')) tour.halfOpen++
    },
  )

  for (let round = 0; tour.commands < commands; round++) {
    await fc.assert(run, { numRuns: RUNS_A_ROUND, seed: seed + round })
  }

  tour.print('breaker')
  expect(tour.halfOpen / tour.runs).toBeGreaterThan(0.5)
})
