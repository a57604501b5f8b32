import { context, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CircuitRegistry } from '../../src/index.ts'
import { callDurations, openTelemetry } from '../../src/opentelemetry/index.ts'
import { prometheus } from '../../src/prometheus/index.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { fail, hang, open, RESET_TIMEOUT, reasonOf, succeed } from '../helpers/public.ts'
import { Collector, series } from './collector.ts'

let clock: ManualClock
let registry: CircuitRegistry
let collector: Collector
let provider: MeterProvider
beforeEach(async () => {
  clock = new ManualClock()
  registry = new CircuitRegistry({
    defaults: { maxFailures: 2, resetTimeout: RESET_TIMEOUT, clock },
  })
  collector = await Collector.start()
  const exporter = new OTLPMetricExporter({ url: collector.url })
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 3_600_000,
    metricProducers: [callDurations(registry)],
  })
  provider = new MeterProvider({ readers: [reader] })
})
afterEach(async () => {
  await provider.shutdown()
  await collector.stop()
  for (const api of [metrics, trace, context]) api.disable()
})

/** What has arrived after a collection, by its name in Prometheus. */
async function collected(): Promise<ReadonlyMap<string, number>> {
  await provider.forceFlush()
  return collector.translated
}

const named = (name: string, labels: Record<string, unknown>) =>
  series(
    `circuit_breaker_${name}`,
    Object.fromEntries(Object.entries(labels).map(([key, of]) => [`circuit_breaker_${key}`, of])),
  )

describe('openTelemetry', () => {
  it('exports the series of Prometheus, with the same names, labels and values', async () => {
    openTelemetry(registry, { meter: provider.getMeter('test') })
    const register = new Registry()
    prometheus(registry, { register })
    const users = registry.breaker('users', { statistics: true })
    for (const ms of [3, 80, 700, 40_000]) {
      const permit = users.acquire()
      await clock.advance(ms)
      permit.success()
    }
    void hang(users)
    const orders = registry.breaker('orders')
    await open(orders)
    await reasonOf(orders.run(() => 1))
    registry.breaker('mail').forceOpen()
    registry.breaker('unused')

    const families = await register.getMetricsAsJSON()
    const scraped = families.flatMap(({ name, values }) =>
      values.map(({ value, labels, ...rest }) => {
        const { metricName = name } = rest as { metricName?: string }
        return [series(metricName, labels), value] as const
      }),
    )
    const exported = await collected()
    expect(Object.fromEntries(exported)).toEqual(Object.fromEntries(scraped))
    expect(scraped.length).toBeGreaterThan(60)
  })

  it('takes the global meter', async () => {
    metrics.setGlobalMeterProvider(provider)
    openTelemetry(registry)
    registry.breaker('users').trip()

    expect((await collected()).get(named('state', { name: 'users', state: 'open' }))).toBe(1)
  })

  it('counts what happens between collections', async () => {
    openTelemetry(registry, { meter: provider.getMeter('test') })
    const users = registry.breaker('users')
    const calls = named('calls_total', { name: 'users', outcome: 'success' })
    const seen: unknown[] = []
    for (const times of [2, 0, 3]) {
      for (let i = 0; i < times; i++) await succeed(users)
      seen.push((await collected()).get(calls))
    }

    expect(seen).toEqual([2, 2, 5])
  })

  it('shows a breaker that was removed in no state', async () => {
    openTelemetry(registry, { meter: provider.getMeter('test') })
    registry.breaker('users').trip()
    await collected()
    registry.delete('users')
    const after: unknown[] = []
    for (let i = 0; i < 7; i++) {
      const all = await collected()
      const states = ['closed', 'open', 'half-open'].map((state) =>
        all.get(named('state', { name: 'users', state })),
      )
      after.push(states.every((value) => value === 0 || value === undefined))
    }

    expect(after).toEqual(Array(7).fill(true))
    expect((await collected()).get(named('breakers', {}))).toBe(0)
  })

  it('exports 500 breakers whole, and the others as one', async () => {
    openTelemetry(registry, { meter: provider.getMeter('test') })
    for (let i = 0; i < 510; i++) await succeed(registry.breaker(`host-${i}`))
    const all = await collected()
    const states = [...all.keys()].filter((name) => name.startsWith('circuit_breaker_state{'))

    expect(states).toHaveLength(501 * 3)
    expect(all.get(named('state', { name: 'other', state: 'closed' }))).toBe(10)
    expect(all.get(named('calls_total', { name: 'other', outcome: 'success' }))).toBe(10)
    expect(all.get(named('omitted', {}))).toBe(10)
    expect([...all.keys()].filter((name) => name.includes('overflow'))).toEqual([])
  })

  it('observes no more when it is stopped', async () => {
    const stop = openTelemetry(registry, { meter: provider.getMeter('test') })
    stop()
    registry.breaker('users').trip()

    expect([...(await collected()).keys()].filter((name) => name.includes('users'))).toEqual([])
  })

  it.each([
    [() => openTelemetry({} as never), 'openTelemetry takes a CircuitRegistry first'],
    [() => openTelemetry(registry, { limit: 0 }), 'limit must be an integer of at least 1'],
    [() => openTelemetry(registry, { meter: 'x' as never }), 'meter of openTelemetry must be a'],
    [() => openTelemetry(registry, { span: 1 } as never), 'unknown option "span"'],
    [() => callDurations({} as never), 'callDurations takes a CircuitRegistry first'],
    [() => callDurations(registry, { meter: 1 } as never), 'unknown option "meter"'],
  ])('says what is wrong: %s', (start, message) => {
    expect(start).toThrow(message)
  })
})

describe('the events of spans', () => {
  let finished: InMemorySpanExporter
  beforeEach(() => {
    finished = new InMemorySpanExporter()
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    const spanProcessors = [new SimpleSpanProcessor({ exporter: finished })]
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors }))
  })

  /** The events of a span around what is done. */
  async function eventsOf(name: string, action: () => Promise<unknown>): Promise<unknown[]> {
    await trace.getTracer('test').startActiveSpan(name, async (span) => {
      await action()
      span.end()
    })
    const span = finished.getFinishedSpans().find((one) => one.name === name)
    return span?.events.map(({ name: event, attributes }) => [event, attributes]) ?? []
  }

  it('land on the span of the call that was rejected or has opened the circuit', async () => {
    openTelemetry(registry, { meter: provider.getMeter('test') })
    const users = registry.breaker('users')
    await fail(users)
    const [failing, rejected, healthy] = [
      await eventsOf('failing', () => fail(users)),
      await eventsOf('rejected', () => reasonOf(users.run(() => 1))),
      await eventsOf('healthy', () => succeed(registry.breaker('orders'))),
    ]

    expect(failing).toEqual([
      [
        'circuit_breaker.transition',
        {
          'circuit_breaker.name': 'users',
          'circuit_breaker.state': 'open',
          'circuit_breaker.state.before': 'closed',
          'circuit_breaker.transition.reason': 'consecutiveFailures',
          'circuit_breaker.enforced': true,
        },
      ],
    ])
    expect(rejected).toEqual([
      [
        'circuit_breaker.rejection',
        {
          'circuit_breaker.name': 'users',
          'circuit_breaker.rejection.reason': 'open',
          'circuit_breaker.retry_after': RESET_TIMEOUT / 1_000,
        },
      ],
    ])
    expect(healthy).toEqual([])
  })

  it('tell of calls at the same time each in its own span', async () => {
    openTelemetry(registry, { meter: provider.getMeter('test') })
    registry.breaker('a').trip()
    registry.breaker('b').trip()
    const all = await Promise.all(
      ['a', 'b'].map((name) =>
        eventsOf(name, async () => {
          await new Promise((resolve) => setImmediate(resolve))
          await reasonOf(registry.breaker(name).run(() => 1))
        }),
      ),
    )

    expect(all).toMatchObject([
      [['circuit_breaker.rejection', { 'circuit_breaker.name': 'a' }]],
      [['circuit_breaker.rejection', { 'circuit_breaker.name': 'b' }]],
    ])
  })

  it.each([{ spanEvents: false }, 'stopped'] as const)('are none when %j', async (how) => {
    const options = how === 'stopped' ? {} : how
    const stop = openTelemetry(registry, { meter: provider.getMeter('test'), ...options })
    if (how === 'stopped') stop()
    const users = registry.breaker('users')

    expect(await eventsOf('opening', () => open(users))).toEqual([])
  })
})
