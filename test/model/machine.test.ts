import fc from 'fast-check'
import { expect, it } from 'vitest'
import { fleetOperation, type Operation, operation, settings } from './operations.ts'
import { Pair } from './pair.ts'
import { commandsAsked, IN_CI, seedOfRun, Tour } from './runs.ts'

const RUNS_A_ROUND = 1_000
const commands = commandsAsked(IN_CI)
const fleetCommands = Math.ceil(commands / 3)

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

/** Runs of random operations, until there were so many; counts those that have seen a state. */
function tourOf(
  what: string,
  operations: fc.Arbitrary<Operation>,
  commands: number,
  halfOpen: string,
): Tour {
  const tour = new Tour()
  const seed = seedOfRun()
  process.stdout.write(`${what}: MODEL_SEED=${seed}\n`)
  const command = operations.map((value) => new Command(value, tour))
  const run = fc.property(
    settings,
    fc.constantFrom(0.25, 0.5, 0.75),
    fc.commands([command], { maxCommands: 60, size: 'max' }),
    (settings, chance, commands) => {
      const pair = new Pair(settings, chance)
      fc.modelRun(() => ({ model: {}, real: pair }), commands)
      tour.runs++
      if (pair.seen.has(halfOpen)) tour.halfOpen++
    },
  )

  for (let round = 0; tour.commands < commands; round++) {
    fc.assert(run, { numRuns: RUNS_A_ROUND, seed: seed + round })
  }

  tour.print(what)
  return tour
}

it(`agrees with the reference model over ${commands} commands`, { timeout: 2 * commands }, () => {
  const tour = tourOf('machine', operation, commands, 'half-open')

  expect(tour.halfOpen / tour.runs).toBeGreaterThan(0.5)
})

it(`agrees with it as one of a fleet, over ${fleetCommands} commands`, {
  timeout: 2 * commands,
}, () => {
  const tour = tourOf('machine of a fleet', fleetOperation, fleetCommands, 'leased probes')

  expect(tour.halfOpen / tour.runs).toBeGreaterThan(0.5)
})
