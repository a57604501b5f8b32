import type { CreatePool } from './postgres-client.ts'
import type { Connect } from './redis-client.ts'

/** What the command reads and writes: the process, or a test. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether it is at a terminal, where questions may be asked. */
  readonly isTerminal: boolean
  readonly columns: number
  readonly rows: number
  readonly fetch: typeof fetch
  /** Finds what connects to Redis. */
  findConnect(): Promise<Connect>
  /** Finds what connects to PostgreSQL. */
  findCreatePool(): Promise<CreatePool>
  out(text: string): void
  err(text: string): void
  /** Asks at the terminal; an empty line is the preset. */
  ask(question: string, preset?: string): Promise<string>
  /** Calls `listener` with the name of each key that is pressed, until what it returns is called. */
  onKey(listener: (key: string) => void): () => void
  readFile(path: string): Promise<string>
  now(): number
  /** Resolves after so many ms, or when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
  /** The name of who is logged in. */
  readonly user: string | undefined
}
