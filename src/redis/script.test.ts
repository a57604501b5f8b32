import { describe, expect, it } from 'vitest'
import { POLICY } from '../../test/helpers/fleet.ts'
import { ask, RandomAsks, report } from '../../test/helpers/fleet-asks.ts'
import { LuaRedis } from '../../test/helpers/lua-redis.ts'
import {
  type Answer,
  type Ask,
  type FleetChange,
  type FleetRecord,
  type ProcessReport,
  type ProcessStatus,
  step,
  timeToLive,
} from '../fleet/index.ts'
import { living, Processes } from '../fleet/processes.ts'
import { keysOf } from './keys.ts'
import { SCRIPT } from './script.ts'
import { answerOf, argumentsOf, processOf, processText, pushesOf, recordOf } from './wire.ts'

const keys = keysOf('test', 0)

function exchange(
  redis: LuaRedis,
  asks: readonly Ask[],
  { cluster = false, said }: { cluster?: boolean; said?: ProcessReport | undefined } = {},
): readonly Answer[] {
  const process = said === undefined ? ['', ''] : [said.process, processText(said)]
  const replies = redis.run(
    [
      ...[keys.log, keys.names, keys.seen, keys.processes],
      ...asks.map(({ name }) => keys.breaker(name)),
    ],
    [keys.channel, cluster ? '1' : '0', ...process, ...asks.flatMap(argumentsOf)],
  )
  return (replies as unknown[]).map(answerOf)
}

/** The processes that it has, without a word about those that are gone. */
function processesOf(redis: LuaRedis): (ProcessStatus | undefined)[] {
  const texts = redis.hashes.get(keys.processes) ?? new Map<string, string>()
  const seen = [...(redis.sets.get(keys.seen) ?? [])]
  expect([...texts.keys()].toSorted()).toEqual(seen.map(([process]) => process).toSorted())
  return seen.map(([process, at]) => processOf(process, texts.get(process) as string, at))
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
      ...['until', String(to.until)],
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
      const processes = new Processes()
      const states = new Set<string>()
      for (let i = 0; i < 80; i++) {
        redis.now += random.pause()
        redis.subscribers = random.subscribers()
        redis.log.length = redis.published.length = 0
        const live = redis.subscribers || undefined
        const asks = ['api', 'db', 'api'].map((name) => random.ask(name, redis.now))

        const said = random.report(asks)
        const answers = exchange(redis, asks, { said })
        if (said !== undefined) processes.note(said, redis.now)

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
        expect(living(processesOf(redis) as ProcessStatus[], redis.now)).toEqual(
          processes.list(redis.now),
        )
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
    const counts = { success: 0, failure: 20, slow: 0 }

    const [inCluster] = exchange(redis, [ask({ report: counts })], { cluster: true })
    expect(inCluster?.registers.automatic.state).toBe('closed')
    expect(exchange(redis, [ask({ report: counts })])[0]?.registers.automatic.state).toBe('open')
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

  it('lists each name', () => {
    const redis = new LuaRedis(SCRIPT)

    exchange(redis, [ask(), ask({ name: 'db' }), ask()])

    expect([...(redis.sets.get(keys.names)?.keys() ?? [])]).toEqual(['api', 'db'])
  })

  it('lists the processes that have said something within a minute, and forgets all others', () => {
    const redis = new LuaRedis(SCRIPT)
    const processes = new Processes()
    const say = (process: string): void => {
      exchange(redis, [], { said: report(process) })
      processes.note(report(process), redis.now)
    }
    for (let i = 0; i < 150; i++) say(`p${i}`)
    redis.now += 30_000
    say('p149')
    redis.now += 30_000

    say('late')
    const first = processesOf(redis)
    say('late')

    // A hundred at once.
    expect(first).toHaveLength(51)
    expect(processesOf(redis)).toEqual(processes.list(redis.now).toReversed())
    expect(processes.list(redis.now).map(({ process }) => process)).toEqual(['late', 'p149'])
  })

  it('goes on without the right to list processes', () => {
    const redis = new LuaRedis(SCRIPT)
    redis.fail = (command) => (command.startsWith('Z') ? 'NOPERM no permission' : undefined)
    exchange(redis, [], { said: report('p1') })
    redis.fail = (command) => (command === 'ZRANGEBYSCORE' ? 'NOPERM no permission' : undefined)

    const [answer] = exchange(redis, [ask()], { said: report('p1') })

    expect(answer?.registers.automatic.state).toBe('closed')
  })
})
