import type { FlagName, Flags } from './arguments.ts'
import type { Paint } from './display.ts'
import type { Io } from './io.ts'
import type { Source } from './source.ts'

/** What a command runs with. */
export interface Context {
  readonly io: Io
  readonly client: Source
  readonly flags: Flags
  readonly args: readonly string[]
  readonly paint: Paint
  /** The names of what it can be, for completion and for help. */
  print(text: string): void
}

/** One command. */
export interface Command {
  readonly name: string
  /** As help shows them. */
  readonly args: string
  readonly help: string
  readonly flags: readonly FlagName[]
  /** How many arguments it takes. */
  readonly least: number
  readonly most: number
  /** Resolves with the exit status. */
  readonly run: (context: Context) => Promise<number>
}
