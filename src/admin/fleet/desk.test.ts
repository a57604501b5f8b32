import { describe, expect, it, onTestFinished } from 'vitest'
import { createAdmin } from '../../../test/helpers/admin.ts'
import { never } from '../../../test/helpers/fleet-asks.ts'
import { type FleetStore, memoryStore, shared } from '../../fleet/index.ts'
import { CircuitRegistry } from '../../index.ts'
import type { AdminOptions } from '../options.ts'

const reason = 'INC-2291: stop hammering'
const EVENTUALLY = { timeout: 30_000 }

/** Two processes of a fleet in real time; the admin is in the first. */
async function create(options: Partial<AdminOptions> = {}) {
  const memory = memoryStore()
  let isDown = false
  const store: FleetStore = {
    ...memory,
    exchange: async (...args) => {
      if (isDown) throw new Error('ECONNREFUSED')
      return memory.exchange(...args)
    },
  }
  const processes = ['p1', 'p2'].map((process) => {
    const fleet = shared(store, { process, service: 'checkout', version: '1.8.2' })
    const registry = new CircuitRegistry({ shared: fleet })
    void registry.breaker('payments').state
    return { fleet, registry, breaker: registry.breaker('payments') }
  })
  const [first, second] = processes as [(typeof processes)[0], (typeof processes)[0]]
  await Promise.all(processes.map(({ fleet }) => fleet.ready()))
  const { registry, fleet } = first
  const admin = createAdmin({ registry, fleet, clock: undefined, ...options })
  onTestFinished(async () => {
    admin.handler.close()
    await Promise.all(processes.map((process) => process.fleet.close()))
  })
  const fall = (): void => {
    isDown = true
  }
  return { ...admin, memory, first, second, fall }
}

const WRITES = '/api/v1/breakers/payments'

describe('what is done to a breaker that is shared', () => {
  it('is done in the whole fleet, and the answer says who has applied it', async () => {
    const { post, get, first, second, audit } = await create()

    const { status, body } = await post(`${WRITES}/force-open`, { reason, for: '10m', by: 'ada' })

    expect(status).toBe(body.applied.done ? 200 : 202)
    expect(body.row).toMatchObject({ state: 'open', override: { by: 'ada', reason } })
    expect(body.entry).toMatchObject({
      kind: 'override',
      by: 'ada',
      text: 'forced open for 10 min, in the whole fleet',
    })
    expect(first.breaker.state).toBe('open')
    await expect.poll(() => second.breaker.state, EVENTUALLY).toBe('open')
    const applied = async () => (await get(`/api/v1/operations/${body.applied.id}`)).body
    await expect
      .poll(applied, EVENTUALLY)
      .toMatchObject({ applied: 2, of: 2, done: true, missing: [] })
    expect(audit.map(({ text }) => text)).toEqual([body.entry.text])
  })

  it('is taken back in the whole fleet by its undo', async () => {
    const { post, second } = await create()
    const { undo } = (await post(`${WRITES}/force-open`, { reason, for: '10m' })).body
    await expect.poll(() => second.breaker.state, EVENTUALLY).toBe('open')

    await post(`${WRITES}/${undo.operation}`, undo.body)

    await expect.poll(() => second.breaker.state, EVENTUALLY).toBe('closed')
  })

  it.each([
    ['trip', 'open'],
    ['reset', 'closed'],
  ])('has %s, too', async (operation, state) => {
    const { post, second, first } = await create()

    const { body } = await post(`${WRITES}/${operation}`, { reason })

    expect([body.row.state, first.breaker.state]).toEqual([state, state])
    await expect.poll(() => second.breaker.state, EVENTUALLY).toBe(state)
  })

  it('is done in this process alone if that is asked for, and so is its undo', async () => {
    const { post, first, second } = await create()

    const { status, body } = await post(`${WRITES}/disable`, {
      ...{ reason, for: null, scope: 'process' },
    })

    expect([status, body.applied]).toEqual([200, undefined])
    expect(body.entry.text).toBe('disabled, no end, in this process only')
    expect(body.undo.body.scope).toBe('process')
    expect(first.breaker.snapshot().override?.mode).toBe('disabled')
    expect(second.breaker.snapshot().override).toBeNull()
  })

  it('is not done at all while the store does not answer', async () => {
    const { post, first, fall, audit } = await create()
    fall()

    const { status, body } = await post(`${WRITES}/trip`, { reason })

    expect([status, body.code]).toEqual([504, 'ERR_ADMIN_STORE'])
    expect(body.hint).toContain('"process"')
    expect([first.breaker.state, audit]).toEqual(['closed', []])
    expect(await post(`${WRITES}/trip`, { reason, scope: 'process' })).toMatchObject({
      status: 200,
    })
    expect(first.breaker.state).toBe('open')
  })

  it('does not include its options, which are those of each process', async () => {
    const { post, first } = await create()
    const patch = { maxFailures: 3 }

    expect(await post(`${WRITES}/configure`, { reason, patch, scope: 'fleet' })).toMatchObject({
      status: 422,
      body: { detail: 'scope must be "process" here' },
    })
    expect((await post(`${WRITES}/configure`, { reason, patch })).status).toBe(200)
    expect(first.breaker.options.trip.consecutiveFailures).toBe(3)
  })

  it('is for those who may write only', async () => {
    const { post, second } = await create({ readOnly: true })

    expect((await post(`${WRITES}/trip`, { reason })).status).toBe(403)
    expect(second.breaker.state).toBe('closed')
  })
})

describe('the fleet', () => {
  it('is shown with its processes, its store and the breakers that differ', async () => {
    const { get, post, memory } = await create()
    await post(`${WRITES}/force-open`, { reason, for: null, by: 'ada' })
    // One that has not said anything since.
    const said = { service: 'cron', version: '1.7', uptime: 60_000, breakers: 1, degraded: 0 }
    const old = { process: 'p0', ...said, heard: 0, alone: [], policies: [] }
    await memory.exchange([], never, old)

    const read = async () => (await get('/api/v1/fleet')).body
    await expect
      .poll(async () => (await read()).counts.byState, EVENTUALLY)
      .toEqual({ 'up to date': 2, behind: 1 })
    const body = await read()

    expect(body).toMatchObject({
      process: { id: 'p1' },
      store: { connected: true, took: expect.any(Number), age: expect.any(Number) },
      counts: {
        ...{ processes: 3, breakers: 1, overrides: 1, endless: 1 },
        services: [
          ['checkout', 2],
          ['cron', 1],
        ],
      },
      processes: [{ process: 'p0', state: 'behind', text: 'forced open not applied yet' }],
      breakers: [
        {
          ...{ name: 'payments', state: 'forced-open', automatic: 'closed', behind: ['p0'] },
          override: { by: 'ada', reason, until: null },
          parts: [
            ['forced-open', 2],
            ['closed', 1],
          ],
          ...{ text: 'ada, no end', more: `“${reason}”` },
        },
      ],
    })
    expect((await get('/api/v1/fleet?all=1')).body.processes).toHaveLength(3)
  })

  it('is not there for an admin without one', async () => {
    const { get, handler } = createAdmin()
    onTestFinished(() => handler.close())

    for (const path of ['fleet', 'operations/1']) {
      expect(await get(`/api/v1/${path}`)).toMatchObject({
        status: 404,
        body: { code: 'ERR_ADMIN_NO_FLEET' },
      })
    }
    expect((await get('/api/v1/session')).body.fleet).toBe(false)
  })

  it('is told in the session, and in each row who decides', async () => {
    const { get } = await create()

    expect((await get('/api/v1/session')).body.fleet).toBe(true)
    const { rows } = (await get('/api/v1/breakers')).body
    expect(rows[0].fleet).toMatchObject({ decides: 'fleet', connected: true, state: 'closed' })
  })

  it.each(['x', '-1', '1e3', ' 1', '9'.repeat(20)])('has no operation %j', async (id) => {
    const { get } = await create()

    expect((await get(`/api/v1/operations/${encodeURIComponent(id)}`)).status).toBe(400)
  })

  it('is not shown to a request that is not let in', async () => {
    const { get } = await create({ authorize: () => false })

    for (const path of ['fleet', 'fleet?all=1', 'operations/1']) {
      expect((await get(`/api/v1/${path}`)).status).toBe(401)
    }
  })

  it('must be what shared() returns', async () => {
    expect(() => createAdmin({ fleet: {} as never })).toThrow(
      'fleet must be what shared() returns, got object',
    )
  })
})
