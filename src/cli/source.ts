import type {
  Applied,
  Detail,
  FleetSummary,
  List,
  LogEntry,
  Operation,
  Result,
  Write,
} from '../admin/index.ts'

/** What commands show of a breaker. */
export type FoundDetail = Pick<Detail, 'row' | 'log'> & {
  readonly explanation: { readonly text: string }
}

/** What the commands ask: the admin of a process, or the store of a fleet. */
export interface Source {
  list(query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<List>
  detail(name: string): Promise<FoundDetail>
  log(query: Readonly<Record<string, string>>): Promise<{ entries: LogEntry[] }>
  session(): Promise<{
    process: { id: string; name: string | null; environment: string | null }
  }>
  write<T = Result>(
    name: string,
    operation: Operation,
    body: Write,
    options?: { version?: string | undefined; dry?: boolean },
  ): Promise<T>
  /** How far something has got in the fleet. */
  applied(id: string): Promise<Applied>
  fleet(all: boolean): Promise<FleetSummary>
  /** The events of one connection, until it ends. */
  events(after: string | undefined, signal: AbortSignal): AsyncGenerator<ServerEvent>
}

/** One server-sent event. */
export interface ServerEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: string
}
