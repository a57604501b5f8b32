import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Operation, operation, settings } from './operations.ts'
import { Pair } from './pair.ts'
import { commandsAsked, IN_CI, seedOfRun, Tour } from './runs.ts'

const RUNS_A_ROUND = 1_000
const commands = commandsAsked(IN_CI)

/** One operation, done to the machine and to the model. */
class Command implements fc.Command<object, Pair> {
  readonly operation: Operation
  readonly #tour: Tour

  constructor(operation: Operation, tour: Tour) {
    this.operation = operation
    this.#tour = tour
  }

  check(): boolean {
    return true
  }

  run(_: object, pair: Pair): void {
    this.#tour.commands++
    pair.run(this.operation)
  }

  toString(): string {
    return JSON.stringify(this.operation)
  }
}

it(`agrees with the reference model over ${commands} commands`, { timeout: commands }, () => {
  const tour = new Tour()
  const seed = seedOfRun()
  process.stdout.write(`machine: MODEL_SEED=${seed}\n`)
  const command = operation.map((value) => new Command(value, tour))
  const run = fc.property(
    settings,
    fc.constantFrom(0.25, 0.5, 0.75),
    fc.commands([command], { maxCommands: 60, size: 'max' }),
    (settings, chance, commands) => {
      const pair = new Pair(settings, chance)
      fc.modelRun(() => ({ model: {}, real: pair }), commands)
      tour.runs++
      if (pair.seen.has('half-open')) tour.halfOpen++
    },
  )

  for (let round = 0; tour.commands < commands; round++) {
    fc.assert(run, { numRuns: RUNS_A_ROUND, seed: seed + round })
  }

  tour.print('machine')
  expect(tour.halfOpen / tour.runs).toBeGreaterThan(0.5)
})
