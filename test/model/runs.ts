/** Commands to each of the machines in CI. */
export const IN_CI = 100_000

/** Commands that a property runs at least: a long run asks for more. */
export function commandsAsked(inCI: number): number {
  const long = process.env['MODEL_COMMANDS']
  return long === undefined ? inCI : Number(long)
}

/** Runs of a property, more of them in a long run. */
export function runsAsked(inCI: number): number {
  return Math.ceil((inCI * commandsAsked(IN_CI)) / IN_CI)
}

/** A seed of its own for every run of the tests, unless one is to be repeated. */
export function seedOfRun(): number {
  const given = process.env['MODEL_SEED']
  return given === undefined ? Math.floor(Math.random() * 0x7fffffff) : Number(given)
}

/** What the runs of a property have been through. */
export class Tour {
  runs = 0
  commands = 0
  halfOpen = 0

  print(what: string): void {
    const share = ((100 * this.halfOpen) / this.runs).toFixed(1)
    process.stdout.write(
      `${what}: ${this.commands} commands in ${this.runs} runs, ${share} % reached half-open\n`,
    )
  }
}
