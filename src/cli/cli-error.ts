/** What the exit status of the command says. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unknown: 3,
  forbidden: 4,
  changed: 5,
  timeout: 6,
  trouble: 8,
  interrupted: 130,
} as const

/** Ends the command; its message is printed as it is. */
export class CliError extends Error {
  readonly exit: number

  constructor(exit: number, message: string) {
    super(message)
    this.exit = exit
  }
}

/** What is missing or wrong in the command line. */
export function usage(message: string): CliError {
  return new CliError(EXIT.usage, message)
}
