import {
  type AdminHandler,
  type AdminOptions,
  admin,
  type LogEntry,
} from '../../src/admin/index.ts'
import { CircuitRegistry } from '../../src/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

/** A long time after 1970, at the beginning of two minutes. */
const START = 1_200_000_000

export interface TestAdmin {
  readonly handler: AdminHandler
  readonly registry: CircuitRegistry
  readonly clock: ManualClock
  /** What it has entered in the log. */
  readonly audit: LogEntry[]
  /** What it has reported. */
  readonly errors: [error: unknown, source: string][]
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: of any route.
  readonly body: any
}

/** An admin whose breakers open at the third failure, for 30 s; asked from the same machine. */
export function createAdmin(options: Partial<AdminOptions> = {}): TestAdmin {
  const clock = new ManualClock(START)
  const registry = new CircuitRegistry({
    defaults: { maxFailures: 3, resetTimeout: 30_000, clock },
  })
  const audit: LogEntry[] = []
  const errors: [unknown, string][] = []
  const handler = admin({
    registry,
    clock,
    onAudit: (entry) => audit.push(entry),
    onError: (error, source) => errors.push([error, source]),
    ...options,
  })
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const request = new Request(`http://localhost:9090${path}`, init)
    const response = await handler(request, { address: '127.0.0.1', httpVersion: '1.1' })
    const text = await response.text()
    const body = text === '' ? undefined : JSON.parse(text)
    return { status: response.status, headers: response.headers, body }
  }
  return {
    handler,
    registry,
    clock,
    audit,
    errors,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  }
}
