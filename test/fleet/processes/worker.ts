import { Agent, request } from 'node:http'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { type FleetPolicy, shared } from '../../../src/fleet/index.ts'
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  type Clock,
  type OverrideOptions,
} from '../../../src/index.ts'
import { type RedisClient, redisStore } from '../../../src/redis/index.ts'
import type { CallOutcome, ProcessEvent, View } from './history.ts'
import { ObservedStore } from './observed-store.ts'

/** One process of a fleet: it calls an upstream through a breaker that it shares with the others. */
export interface Settings {
  readonly process: string
  readonly client: 'redis' | 'ioredis'
  readonly redisPort: number
  readonly upstreamPort: number
  readonly namespace: string
  readonly callsPerSecond: number
  readonly deadline?: number
  readonly policy?: Partial<FleetPolicy>
  readonly breaker?: CircuitBreakerOptions
  /** By how much its clocks differ from those of the others, ms. */
  readonly skew?: number
}

export type Operation =
  | 'trip'
  | 'reset'
  | 'halfOpen'
  | 'forceOpen'
  | 'forceClosed'
  | 'disable'
  | 'release'

export type Command =
  | { readonly do: 'operate'; readonly what: Operation; readonly options: OverrideOptions }
  | { readonly do: 'call'; readonly times: number }
  | { readonly do: 'pace'; readonly callsPerSecond: number }
  | { readonly do: 'report' }
  | { readonly do: 'close' }

const MOST_IN_FLIGHT = 64
/** More turns of the microtask queue than it takes to reject a call. */
const TURNS = 20

const settings = JSON.parse(process.argv[2] as string) as Settings
// However the test has ended, nothing of it stays behind.
process.on('disconnect', () => process.exit())

class UpstreamError extends Error {}

const agent = new Agent({ keepAlive: true, maxSockets: MOST_IN_FLIGHT })
const clock = settings.skew === undefined ? undefined : skewedClock(settings.skew)
const client = await connect()
const store = new ObservedStore(redisStore(client, { namespace: settings.namespace }), tell)
const fleet = shared(store, {
  process: settings.process,
  onConnection(connected, error) {
    tell({ kind: 'connection', connected, ...(error ? { error: String(error) } : {}) })
  },
  ...(settings.deadline ? { deadline: settings.deadline } : {}),
  ...(settings.policy ? { policy: settings.policy } : {}),
  ...(clock ? { clock } : {}),
})
const breaker = new CircuitBreaker({
  name: 'api',
  ...settings.breaker,
  shared: fleet,
  ...(clock ? { clock } : {}),
})
breaker.on('transition', ({ reason }) => tell({ kind: 'changed', view: view(), reason }))
breaker.on('override', ({ reason = '' }) => tell({ kind: 'changed', view: view(), reason }))
breaker.on('listenerError', ({ error }) => tell({ kind: 'trouble', error: String(error) }))
// Joins before anything is called.
void breaker.state
await fleet.ready()
tell({ kind: 'changed', view: view(), reason: 'started' })

let inFlight = 0
let timer: NodeJS.Timeout | undefined
pace(settings.callsPerSecond)

process.on('message', (command: Command) => {
  if (command.do === 'operate') breaker[command.what]({ ...command.options, fleet: true })
  else if (command.do === 'call') for (let i = 0; i < command.times; i++) void call()
  else if (command.do === 'pace') pace(command.callsPerSecond)
  else if (command.do === 'report') tell({ kind: 'final', view: view() })
  else void close()
})

function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function tell(event: ProcessEvent): void {
  const said = { process: settings.process, at: now(), ...event }
  // When the test has ended, nothing listens.
  process.send?.(said, undefined, undefined, () => {})
}

function view(): View {
  const { state, override, fleet } = breaker.snapshot()
  const { decides = 'local', since = null, state: heard = 'closed' } = fleet ?? {}
  return { state, override: override?.mode ?? null, decides, fleet: heard, since }
}

function pace(callsPerSecond: number): void {
  clearInterval(timer)
  if (callsPerSecond === 0) return
  timer = setInterval(() => inFlight < MOST_IN_FLIGHT && void call(), 1000 / callsPerSecond)
}

async function call(): Promise<void> {
  inFlight++
  const beganAt = now()
  const before = view()
  let settled = false
  let admitted: View | undefined
  let decidedAt: number | undefined
  const result = breaker.run(() => {
    admitted = view()
    decidedAt = now()
    return act(admitted)
  })
  const ended = result.then(
    () => ({ outcome: 'success' as const }),
    (error: unknown) => ({ outcome: outcomeOf(error), error: String(error) }),
  )
  void ended.then(() => {
    settled = true
  })
  for (let i = 0; i < TURNS && admitted === undefined && !settled; i++) await null
  const waited = admitted === undefined && !settled
  const end = await ended
  const waitedUntil = waited ? (decidedAt ?? now()) : undefined
  tell({ kind: 'call', beganAt, view: before, admitted, waitedUntil, ...end })
  inFlight--
}

function outcomeOf(error: unknown): CallOutcome {
  if (error instanceof UpstreamError) return 'failure'
  return error instanceof CircuitOpenError ? 'rejected' : 'error'
}

async function act(view: View): Promise<void> {
  if (view.state !== 'half-open' || view.override !== null) return ask(view)
  tell({ kind: 'probe', view, lease: store.lease })
  const ended = (outcome: CallOutcome): void => tell({ kind: 'probe ended', view, outcome })
  await ask(view).then(
    () => ended('success'),
    (error: unknown) => {
      ended('failure')
      throw error
    },
  )
}

function ask({ state }: View): Promise<void> {
  return new Promise((resolve, reject) => {
    const { upstreamPort: port, process } = settings
    request({ port, host: '127.0.0.1', agent, headers: { process, state } }, (response) => {
      response.resume().on('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new UpstreamError('the upstream failed'))
      })
    })
      .on('error', ({ message }) => reject(new UpstreamError(message)))
      .end()
  })
}

/** As users create it, but for how soon it connects again. */
async function connect(): Promise<RedisClient> {
  const { redisPort: port } = settings
  if (settings.client === 'ioredis') {
    const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 100 })
    client.on('error', () => {})
    await new Promise((resolve) => client.once('ready', resolve))
    return client
  }
  const socket = { port, host: '127.0.0.1', reconnectStrategy: () => 100 }
  return createClient({ socket })
    .on('error', () => {})
    .connect()
}

/** Its clocks read other times than those of the machine, and are fed by the same. */
function skewedClock(skew: number): Clock {
  return {
    now: () => performance.now() + Math.abs(skew),
    wall: () => Date.now() + skew,
    setTimer(ms, fn) {
      if (ms <= 0) {
        const immediate = setImmediate(fn)
        return () => clearImmediate(immediate)
      }
      const timer = setTimeout(fn, ms)
      return () => clearTimeout(timer)
    },
  }
}

async function close(): Promise<void> {
  clearInterval(timer)
  await fleet.close()
  process.exit()
}
