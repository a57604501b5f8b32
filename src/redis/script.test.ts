import { describe, expect, it } from 'vitest'
import { POLICY } from '../../test/helpers/fleet.ts'
import { ask, RandomAsks, recordOf } from '../../test/helpers/fleet-asks.ts'
import { LuaRedis } from '../../test/helpers/lua-redis.ts'
import {
  type Answer,
  type Ask,
  type FleetChange,
  type FleetRecord,
  NO_REGISTERS,
  step,
  timeToLive,
} from '../fleet/index.ts'
import { keysOf } from './keys.ts'
import { SCRIPT } from './script.ts'
import { answerOf, argumentsOf, pushesOf } from './wire.ts'

const keys = keysOf('test', 0)

function exchange(redis: LuaRedis, asks: readonly Ask[], cluster = false): readonly Answer[] {
  const replies = redis.run(
    [keys.log, keys.names, ...asks.map(({ name }) => keys.breaker(name))],
    [keys.channel, cluster ? '1' : '0', ...asks.flatMap(argumentsOf)],
  )
  return (replies as unknown[]).map(answerOf)
}

function journal(changes: readonly FleetChange[], name: string): string[][] {
  return changes.map((change) => {
    const { register, from, to } = change
    const states =
      register === 'automatic'
        ? [from.state, change.to.state]
        : [from.mode ?? '', change.to.mode ?? '']
    const cause = register === 'automatic' ? change.to.reason : ''
    const reason = register === 'automatic' ? change.to.note : change.to.reason
    return [
      ...['name', name, 'register', register, 'from', states[0], 'to', states[1]],
      ...['stamp', String(to.stamp), 'cause', cause, 'by', to.by, 'reason', reason],
    ] as string[]
  })
}

describe('the script', () => {
  it.each(Array.from({ length: 5 }, (_, i) => i + 1))(
    'answers, keeps, logs and pushes exactly what step says, for asks of chance (seed %d)',
    (seed) => {
      const random = new RandomAsks(seed)
      const redis = new LuaRedis(SCRIPT)
      const records = new Map<string, FleetRecord>()
      const states = new Set<string>()
      for (let i = 0; i < 80; i++) {
        redis.now += random.pause()
        redis.subscribers = random.subscribers()
        redis.log.length = redis.published.length = 0
        const live = redis.subscribers || undefined
        const asks = ['api', 'db', 'api'].map((name) => random.ask(name, redis.now))

        const answers = exchange(redis, asks)

        const log: string[][] = []
        const pushes: unknown[] = []
        for (const [at, one] of asks.entries()) {
          const expected = step(records.get(one.name), one, redis.now, live)
          expect(answers[at]).toEqual(expected.answer)
          if (expected.answer.refused !== 'late') records.set(one.name, expected.record)
          log.push(...journal(expected.changes, one.name))
          const { nowMs, registers } = expected.answer
          if (expected.changes.length > 0) pushes.push({ name: one.name, nowMs, registers })
          states.add(registers.automatic.state)
          random.hear(one.process, registers)
        }
        for (const [name, record] of records) {
          expect(recordOf(redis.hashes.get(keys.breaker(name)) as Map<string, string>)).toEqual(
            record,
          )
        }
        expect(redis.log).toEqual(log)
        expect(redis.published.flatMap(pushesOf)).toEqual(pushes)
      }

      expect([...states].toSorted()).toEqual(['closed', 'half-open', 'open'])
    },
  )

  it('keeps a breaker as long as step says, and for ever while there is an override', () => {
    const redis = new LuaRedis(SCRIPT)
    const policy = { ...POLICY, maxOpenMs: 3_600_000 }
    const said = { by: '', reason: '' }

    exchange(redis, [ask({ policy })])
    const { record } = step(undefined, ask({ policy }), redis.now)
    expect(redis.timesToLive.get(keys.breaker('api'))).toBe(timeToLive(record, policy))
    exchange(redis, [ask({ command: { kind: 'override', mode: 'disabled', for: 0, ...said } })])

    expect(redis.timesToLive.has(keys.breaker('api'))).toBe(false)
  })

  it('counts no processes in a cluster, where a node knows only its own', () => {
    const redis = new LuaRedis(SCRIPT)
    redis.subscribers = 1
    const report = { success: 0, failure: 20, slow: 0 }

    expect(exchange(redis, [ask({ report })], true)[0]?.registers.automatic.state).toBe('closed')
    expect(exchange(redis, [ask({ report })])[0]?.registers.automatic.state).toBe('open')
  })

  it('goes on without the right to count processes', () => {
    const redis = new LuaRedis(SCRIPT)
    redis.subscribers = 1
    redis.fail = (command) => (command === 'PUBSUB' ? 'NOPERM no permission' : undefined)

    const [answer] = exchange(redis, [ask({ report: { success: 0, failure: 20, slow: 0 } })])

    expect(answer?.registers.automatic.state).toBe('closed')
  })

  it('changes nothing when Redis refuses its first write', () => {
    const redis = new LuaRedis(SCRIPT)
    exchange(redis, [ask()])
    const before = structuredClone(redis.hashes)
    redis.fail = (command) => (command === 'HSET' ? 'OOM command not allowed' : undefined)

    const trip = { kind: 'trip', for: 0, by: '', reason: '' } as const
    expect(() => exchange(redis, [ask({ command: trip })])).toThrow('OOM')

    expect(redis.hashes).toEqual(before)
    expect(redis.log).toEqual([])
    expect(redis.published).toEqual([])
  })

  it('leaves a record alone that a newer version has written', () => {
    const redis = new LuaRedis(SCRIPT)
    exchange(redis, [ask()])
    const hash = redis.hashes.get(keys.breaker('api')) as Map<string, string>
    hash.set('v', '2')
    const before = new Map(hash)

    const [answer] = exchange(redis, [ask({ report: { success: 1, failure: 0, slow: 0 } })])

    expect(answer?.refused).toBe('schema')
    expect(hash).toEqual(before)
  })

  it('lists each name, and notes for a minute who has applied an override', () => {
    const redis = new LuaRedis(SCRIPT)
    const command = { kind: 'override', mode: 'disabled', for: 0, by: 'ada', reason: '' } as const
    const [set] = exchange(redis, [ask({ command })])
    const known = set?.registers ?? NO_REGISTERS

    exchange(redis, [ask({ known }), ask({ known, process: 'p2' })])
    redis.now += 60_000
    exchange(redis, [ask({ known, process: 'late' })])

    const ack = `sc1:{test:0}:ack:${known.override.stamp}`
    expect(redis.sets.get(keys.names)).toEqual(new Set(['api']))
    expect(redis.sets.get(ack)).toEqual(new Set(['p1', 'p2']))
    expect(redis.timesToLive.get(ack)).toBe(60_000)
  })
})
