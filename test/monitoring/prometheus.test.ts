import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METRICS } from '../../src/adapter/metrics.ts'
import type { Snapshot } from '../../src/index.ts'
import { dashboard, queries } from './dashboard.ts'
import { kill, Prometheus, start, tool, until } from './processes.ts'

const rules = join(import.meta.dirname, '../../monitoring/prometheus-rules.yml')
const run = promisify(execFile)

describe('the rules', () => {
  it('are valid', async () => {
    const { stdout } = await run(tool('promtool'), ['check', 'rules', '--lint-fatal', rules])

    expect(stdout).toContain('SUCCESS: 12 rules found')
  })

  it('do what they say, by the minute', async () => {
    const tests = join(import.meta.dirname, 'rules.test.yml')

    expect((await run(tool('promtool'), ['test', 'rules', tests])).stdout).toContain('SUCCESS')
  })
})

describe('the dashboard', () => {
  it('has panels of different numbers, none over another, and each explained', () => {
    const { panels } = dashboard
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    )

    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(cells).size).toBe(cells.length)
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([])
    expect(panels.filter(({ description, targets }) => !(description && targets[0]))).toEqual([])
  })

  it('takes its data from a source that is chosen, and only variables that it has', () => {
    const names = dashboard.templating.list.map(({ name }) => name)
    const used = JSON.stringify(dashboard).matchAll(/\$(?:\{(\w+)\}|([a-z]\w*))/g)

    expect(names).toEqual(['datasource', 'job', 'instance', 'name'])
    expect(
      [...used].map(([, a, b]) => a ?? b).filter((name) => !names.includes(name ?? '')),
    ).toEqual([])
    for (const { datasource } of dashboard.panels) {
      expect([datasource.type, datasource.uid]).toEqual([
        'prometheus',
        expect.stringMatching(/^\$\{datasource\}$/),
      ])
    }
  })

  it('shows every metric that is exported, and no other', () => {
    const text = queries.map(([, query]) => query).join()
    const exported = Object.values(METRICS).map(({ name }) => name.replaceAll('.', '_'))
    const shown = text.match(/\bcircuit_breaker_\w+(?=[{[])/g) ?? []
    const bases = new Set(
      shown.map((name) => name.replace(/(_seconds)?(_total|_bucket)?(_ratio)?$/, '')),
    )

    expect([...bases].toSorted()).toEqual(
      exported.filter((name) => name !== 'circuit_breaker_breakers').toSorted(),
    )
  })
})

describe('a service whose target is killed', () => {
  let stops: (() => Promise<void>)[] = []
  let prometheus: Prometheus
  let target: Awaited<ReturnType<typeof start>>
  let app: Awaited<ReturnType<typeof start>>
  beforeAll(async () => {
    target = await start('target.ts', 0)
    app = await start('app.ts', target[1])
    // A minute is a second: what takes five minutes in a rule takes five seconds here.
    const faster = readFileSync(rules, 'utf8')
      .replaceAll(/\b(\d+)m\b/g, '$1s')
      .replaceAll(/\b(\d+)h\b/g, '$1m')
    prometheus = await Prometheus.start(app[1], faster)
    stops = [() => prometheus.stop(), () => kill(app[0]), () => kill(target[0])]
  })
  afterAll(async () => {
    for (const stop of stops) await stop()
  })

  const value = async (query: string): Promise<number | undefined> => {
    const { result } = await prometheus.get<{ result: { value: [number, string] }[] }>('query', {
      query,
    })
    return result[0] === undefined ? undefined : Number(result[0].value[1])
  }

  it('has alerts that fire, then resolve, and a dashboard that shows all of it', async () => {
    await until('calls are seen', async () => {
      const rate = await value('circuit_breaker:calls:rate5m{circuit_breaker_name="users"}')
      return rate !== undefined && rate > 5 ? rate : undefined
    })
    expect(await prometheus.firing()).toEqual([])

    await kill(target[0])
    await until('it is known to be open', async () => {
      const query =
        'sum(circuit_breaker_state{circuit_breaker_name="users",circuit_breaker_state=~"open|half-open"})'
      return (await value(query)) === 1 || undefined
    })
    const expected = ['CircuitOpen', 'CircuitRejecting']
    await until('the alerts fire', async () => {
      const firing = await prometheus.firing()
      return expected.every((name) => firing.includes(name)) || undefined
    })

    const empty: string[] = []
    for (const [panel, query] of queries) if ((await value(query)) === undefined) empty.push(panel)
    expect(empty).toEqual([])

    target = await start('target.ts', target[1])
    await until('they resolve', async () => {
      const firing = await prometheus.firing()
      return !expected.some((name) => firing.includes(name)) || undefined
    })
    await until('it is known to be closed', async () => {
      const query =
        'circuit_breaker_state{circuit_breaker_name="users",circuit_breaker_state="closed"}'
      return (await value(query)) === 1 || undefined
    })
  })

  it('has the numbers of its snapshot in Prometheus', async () => {
    const seen = async (): Promise<Snapshot> => {
      return (await (await fetch(`http://127.0.0.1:${app[1]}/snapshot`)).json()) as Snapshot
    }
    const before = await seen()
    await new Promise((resolve) => setTimeout(resolve, 600))
    const [calls, rejected, open, trips] = await Promise.all(
      [
        'sum(circuit_breaker_calls_total{circuit_breaker_name="users"})',
        'sum(circuit_breaker_rejections_total{circuit_breaker_name="users"})',
        'circuit_breaker_time_seconds_total{circuit_breaker_name="users",circuit_breaker_state="open"}',
        'sum(circuit_breaker_transitions_total{circuit_breaker_name="users",circuit_breaker_state="open"})',
      ].map(value),
    )
    const after = await seen()

    expect(calls).toBeGreaterThanOrEqual(before.counts.settled)
    expect(calls).toBeLessThanOrEqual(after.counts.settled)
    // These have not moved since it has closed.
    expect(rejected).toBe(after.counts.rejected.open + after.counts.rejected['half-open'])
    expect(open).toBeCloseTo(after.timeInState.open / 1_000, 6)
    expect(trips).toBe(Object.values(after.transitions.open).reduce((all, one) => all + one, 0))
    expect(after.counts).toMatchObject({ expired: 0 })
  })
})
