import { randomUUID } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { Redis } from 'ioredis'
import type { Registers } from '../../../src/fleet/index.ts'
import type { StateName } from '../../../src/index.ts'
import { keysOf } from '../../../src/redis/keys.ts'
import { recordOf } from '../../../src/redis/wire.ts'
import { Relay } from '../../clients/databases/relay.ts'
import { Server } from '../../clients/databases/server.ts'
import { agrees, type CallOutcome, type Event, type TestEvent } from './history.ts'
import { confirmedOverride, violations } from './judge.ts'
import { Upstream } from './upstream.ts'
import type { Settings } from './worker.ts'
import { WorkerProcess } from './worker-process.ts'

/** A busy machine takes long to do what these tests wait for; nothing here measures time. */
const PATIENCE = 90_000
/** For one test. */
export const TIMEOUT = 180_000
const LEASE = 1_500

export interface FleetSettings extends Partial<Settings> {
  readonly processes: number
  /** What differs from process to process. */
  readonly each?: (index: number) => Partial<Settings>
}

/** Several real processes, a real Redis behind a network that can be hurt, and what they all call. */
export class Fleet implements AsyncDisposable {
  readonly server: Server
  readonly network: Relay
  readonly upstream: Upstream
  readonly history: Event[] = []
  /** Those that live, by name. */
  readonly workers: Map<string, WorkerProcess> = new Map()
  readonly #namespace = randomUUID()
  readonly #settings: FleetSettings
  readonly #heard = new EventEmitter()
  readonly #clients = new Map<number, Redis>()
  readonly #replicas: Server[] = []
  #started = 0
  #ended = false

  private constructor(settings: FleetSettings, server: Server, network: Relay, upstream: Upstream) {
    this.#settings = settings
    this.server = server
    this.network = network
    this.upstream = upstream
  }

  static async start(settings: FleetSettings): Promise<Fleet> {
    const server = await Server.redis()
    const network = await Relay.to(server.port)
    const fleet = new Fleet(settings, server, network, await Upstream.start())
    await Promise.all(Array.from({ length: settings.processes }, () => fleet.join()))
    return fleet
  }

  /** Starts one more process; resolves when it has asked the store. */
  async join(): Promise<WorkerProcess> {
    const index = this.#started++
    const { processes: _, each, ...common } = this.#settings
    const settings: Settings = {
      process: `p${index}`,
      client: index % 2 === 0 ? 'redis' : 'ioredis',
      redisPort: this.network.port,
      upstreamPort: this.upstream.port,
      namespace: this.#namespace,
      callsPerSecond: 40,
      deadline: 2_000,
      ...common,
      policy: { leaseMs: LEASE, ...common.policy },
      breaker: { recovery: { probes: 1 }, ...common.breaker },
      ...each?.(index),
    }
    const worker = new WorkerProcess(settings, (event) => this.#record(event))
    this.workers.set(worker.name, worker)
    await this.until(`${worker.name} has started`, () => worker.view !== undefined)
    return worker
  }

  #record(event: Event): void {
    this.history.push(event)
    this.#ended ||= event.kind === 'ended'
    this.#heard.emit('event')
  }

  note(event: TestEvent): void {
    this.#record({ process: 'test', at: now(), ...event })
  }

  /** Does something by which the store loses what it had, or some of it. */
  async loseData(how: () => unknown): Promise<void> {
    const since = now()
    await how()
    this.note({ kind: 'lost data', since })
  }

  worker(name: string): WorkerProcess {
    return this.workers.get(name) as WorkerProcess
  }

  /** Resolves as soon as it is so, which is looked at whenever a process tells something. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const end = AbortSignal.timeout(PATIENCE)
    while (!isSo()) {
      if (this.#ended) throw new Error(`A process ended by itself.\n${this.#tail()}`)
      await once(this.#heard, 'event', { signal: end }).catch((cause: unknown) => {
        throw new Error(`It never came that ${what}.\n${this.#tail()}`, { cause })
      })
    }
  }

  #tail(): string {
    const views = [...this.workers.values()].map(({ name, view }) => ({ name, ...view }))
    const last = this.history.filter(({ kind }) => kind !== 'call').slice(-30)
    return [...views, ...last].map((it) => JSON.stringify(it)).join('\n')
  }

  /** Resolves when all that live are in that state, or those that are named. */
  all(state: StateName, workers: Iterable<WorkerProcess> = this.workers.values()): Promise<void> {
    const those = [...workers]
    return this.until(`all are ${state}`, () => those.every(({ view }) => view?.state === state))
  }

  /** How many calls have ended, in one way or all, of one process or all. */
  calls(outcome?: CallOutcome, process?: string): number {
    return this.history.filter(
      (event) =>
        event.kind === 'call' &&
        (outcome === undefined || event.outcome === outcome) &&
        (process === undefined || event.process === process),
    ).length
  }

  probesEnded(outcome: CallOutcome): number {
    return this.history.filter((event) => event.kind === 'probe ended' && event.outcome === outcome)
      .length
  }

  /** Resolves when every process that lives has made so many calls more. */
  async moreCalls(n: number): Promise<void> {
    const from = this.history.length
    const names = [...this.workers.keys()]
    await this.until(`each has made ${n} calls`, () => {
      const calls = this.history.slice(from).filter(({ kind }) => kind === 'call')
      return names.every((name) => calls.filter(({ process }) => process === name).length >= n)
    })
  }

  /** Resolves when all that live can reach the store, or cannot. */
  connected(connected: boolean): Promise<void> {
    const those = [...this.workers.values()]
    const what = `all ${connected ? 'can' : 'can not'} reach the store`
    return this.until(what, () => those.every((worker) => worker.connected === connected))
  }

  async kill(worker: WorkerProcess): Promise<void> {
    this.workers.delete(worker.name)
    await worker.kill()
    this.note({ kind: 'killed', target: worker.name })
  }

  freeze(worker: WorkerProcess): void {
    worker.freeze()
    this.note({ kind: 'frozen', target: worker.name })
  }

  thaw(worker: WorkerProcess): void {
    worker.thaw()
    this.note({ kind: 'thawed', target: worker.name })
  }

  /** A command to a server, past all faults of the network. */
  redis(name: string, ...args: string[]): Promise<unknown> {
    return this.redisAt(this.server.port, name, ...args)
  }

  redisAt(port: number, name: string, ...args: string[]): Promise<unknown> {
    const client =
      this.#clients.get(port) ??
      new Redis(port, '127.0.0.1', { retryStrategy: () => 50 }).on('error', () => {})
    this.#clients.set(port, client)
    return client.call(name, ...args)
  }

  /** Starts a replica of the store, and returns its port. */
  async replica(): Promise<number> {
    const server = await Server.redis('--replicaof', '127.0.0.1', String(this.server.port))
    this.#replicas.push(server)
    return server.port
  }

  async registers(port: number = this.server.port): Promise<Registers> {
    const key = keysOf(this.#namespace, 0).breaker('api')
    const words = (await this.redisAt(port, 'HGETALL', key)) as string[]
    const pairs = words.flatMap((word, i) =>
      i % 2 === 0 ? [[word, words[i + 1] as string] as const] : [],
    )
    return recordOf(new Map(pairs)).registers
  }

  /** Waits until all processes that live agree with the store, and judges all that has happened. */
  async rest(port: number = this.server.port): Promise<void> {
    for (const end = AbortSignal.timeout(PATIENCE); ; await pause(100)) {
      const registers = await this.registers(port)
      const finals = await Promise.all([...this.workers.values()].map((worker) => worker.final()))
      const agreed =
        finals.every(({ view }) => agrees(view, registers)) &&
        registers.override.stamp >= confirmedOverride(this.history)
      if (!agreed && !end.aborted) continue
      this.history.push(...finals)
      this.note({ kind: 'store', registers })
      break
    }
    this.judge()
  }

  judge(): void {
    const { leaseMs = LEASE, probes = 1, minReporters = 2 } = this.#settings.policy ?? {}
    const rules = { leaseMs, probes, minReporters }
    const found = violations(this.history, rules)
    if (found.length > 0) throw new Error(`The history breaks promises:\n${found.join('\n')}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.workers.values()].map((worker) => worker.kill()))
    for (const client of this.#clients.values()) client.disconnect()
    await this.upstream.end()
    await this.network.end()
    for (const server of [...this.#replicas, this.server]) await server.end()
  }
}

/** The clock by which all processes write down what they do. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
