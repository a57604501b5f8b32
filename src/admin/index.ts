/**
 * An HTTP handler that shows the breakers of a registry and moves them by hand. Without `authorize` it answers
 * only who is on the same machine.
 *
 * @example
 * import { circuits } from 'short-circuit'
 * import { admin, type List } from 'short-circuit/admin'
 *
 * circuits.breaker('payments').trip({ reason: 'maintenance', for: 60_000 })
 * const handler = admin({ registry: circuits })
 * const here = { address: '127.0.0.1' }
 * const answer = await handler(new Request('http://localhost/api/v1/breakers'), here)
 * const { rows } = (await answer.json()) as List
 * console.assert(rows[0]?.name === 'payments' && rows[0].state === 'open')
 * handler.close()
 *
 * @module
 */
import { callSafely } from '../adapter/call-safely.ts'
import type { Peer } from './access.ts'
import type { ProcessInfo } from './answers.ts'
import { Api } from './api.ts'
import { Changes } from './changes.ts'
import { Handler } from './handler.ts'
import { Recorder } from './history/recorder.ts'
import { Lister } from './list.ts'
import { Log, type LogEntry } from './log.ts'
import { type AdminOptions, checkOptions } from './options.ts'
import { environment, processId, randomId, unobtrusiveClock } from './platform.ts'

export type { Peer } from './access.ts'
export type {
  Detail,
  FleetAnswer,
  HistoryAnswer,
  List,
  ProcessInfo,
  Result,
} from './answers.ts'
export { type BearerToken, bearer } from './bearer.ts'
export type { BandPart, Shown } from './changes.ts'
export type { Counts } from './entry.ts'
export type { Applied } from './fleet/applied.ts'
export type { FleetRow, FleetState } from './fleet/breakers.ts'
export type { ProcessRow, ProcessState } from './fleet/processes.ts'
export type { FleetSummary } from './fleet/view.ts'
export type { History } from './history/recorder.ts'
export type { LogEntry, LogKind } from './log.ts'
export type { Access, AdminOptions, Authorize, Identity } from './options.ts'
export type { FieldError, ProblemCode } from './problem.ts'
export type { Operation } from './routes.ts'
export type { Row } from './row.ts'
export type { Severity } from './severity.ts'
export type { Undo } from './undo.ts'
export type { Write } from './write-request.ts'

/**
 * Answers requests. The second argument says who is at the other end, as what Bun, Deno and Hono pass does; the
 * adapters of `short-circuit/admin/node` pass it.
 */
export interface AdminHandler {
  (request: Request, peer?: Peer | object): Promise<Response>
  /** Ends its streams and its timer; afterwards it answers with 503. */
  close(): void
}

const MEMORY = 16 * 2 ** 20

/**
 * Returns the handler. It answers below whatever path it is mounted at. Calls do not pay for it: it reads the
 * counters every 5 s, by a timer that does not keep the process alive.
 *
 * @throws TypeError or RangeError naming the option that is wrong
 */
export function admin(options: AdminOptions): AdminHandler {
  checkOptions(options)
  const { registry, clock = unobtrusiveClock, history, onAudit = printEntry } = options
  if (options.authorize === undefined && environment('NODE_ENV') === 'production') {
    console.warn('short-circuit: admin() without `authorize` answers only who is on this machine')
  }
  const report = reporter(options.onError)
  if (options.statistics) {
    registry.configure({ defaults: { ...registry.defaults, statistics: true } })
  }
  const boot = randomId()
  const info = processInfo(options, clock.wall())
  const log = new Log(boot, info.id, clock)
  const recorder = new Recorder(registry, clock, history?.memory ?? MEMORY)
  const changes = new Changes(registry, clock, log)
  const lister = new Lister(registry, clock, recorder, changes)
  const api = new Api(options, clock, boot, info, { log, recorder, changes, lister })
  log.listen((entry) => {
    Promise.resolve()
      .then(() => onAudit(entry))
      .catch((error: unknown) => report(error, 'onAudit'))
  })
  const handler = new Handler(options, clock, log, api, report)
  const handle = (request: Request, peer?: Peer | object) => {
    // Of Node, Express or Fastify: it would never be answered.
    if (typeof request?.headers?.get !== 'function') {
      throw new TypeError(
        'admin() answers a Request of the web: mount it by toNode or toFastify of short-circuit/admin/node',
      )
    }
    return handler.handle(request, peer)
  }
  return Object.assign(handle, { close: () => handler.close() })
}

function processInfo({ process = {} }: AdminOptions, startedAt: number): ProcessInfo {
  const { id = processId(), name = null, environment = null, version = null } = process
  return { id, name, environment, version, startedAt }
}

function reporter(onError: AdminOptions['onError']): (error: unknown, source: string) => void {
  const print = (error: unknown, source: string) =>
    console.error(`short-circuit: admin: ${source} threw`, error)
  if (onError === undefined) return print
  return (error, source) =>
    callSafely(
      () => onError(error, source),
      (another) => print(another, 'onError'),
    )
}

/** What was done by way of it; as JSON, in which no name or reason moves the cursor of a terminal. */
function printEntry(entry: LogEntry): void {
  if (entry.via === 'code') return
  const json = JSON.stringify(entry).replaceAll(UNPRINTABLE, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
  console.info(`short-circuit: ${json}`)
}

/** Besides those that JSON escapes by itself. */
const UNPRINTABLE = /[\x7F-\x9F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g
