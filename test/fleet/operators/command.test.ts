import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { FleetSummary, List, LogEntry, Result } from '../../../src/admin/index.ts'
import { keysOf } from '../../../src/redis/keys.ts'
import { Server } from '../../clients/databases/server.ts'
import { type MemberOptions, MemberProcess, type Ran, run, start } from './fleet.ts'

const COUNT = 3

let server: Server
const namespace = randomUUID()
let members: MemberProcess[]

const memberOptions = (process: string, more: Partial<MemberOptions> = {}): MemberOptions => ({
  ...{ port: server.port, namespace, process, service: 'checkout', version: '1.8.2' },
  ...{ resetTimeout: 60_000, ...more },
})

beforeAll(async () => {
  server = await Server.redis()
  const names = Array.from({ length: COUNT }, (_, i) => `worker-${i}`)
  members = await Promise.all(names.map((name) => MemberProcess.start(memberOptions(name))))
})
afterAll(async () => {
  await Promise.all(members.map((member) => member.end()))
  await server.end()
})

/** As it was at first, in every process. */
beforeEach(async () => {
  const redis = new Redis(server.port, '127.0.0.1')
  await redis.del(keysOf(namespace, 0).log)
  redis.disconnect()
  for (const name of ['payments', 'mail']) {
    await sc(`release ${name} --reason "a new test" --wait 30s`)
    await sc(`reset ${name} --reason "a new test" --wait 30s`)
  }
  await Promise.all(members.map((member) => expect.poll(() => member.state()).toBe('closed')))
})

const env = (): Record<string, string> => ({
  SHORT_CIRCUIT_STORE: `redis://127.0.0.1:${server.port}`,
  SHORT_CIRCUIT_NAMESPACE: namespace,
})

/** Runs a command line against the fleet. */
function sc(line: string, more: Record<string, string> = {}): Promise<Ran> {
  const args = Array.from(line.matchAll(/"([^"]*)"|\S+/g), ([word, quoted]) => quoted ?? word)
  return run(args, { ...env(), ...more })
}

const REASON = '--reason "INC-2291: stop hammering the provider"'

describe('the command against the Redis of a fleet', () => {
  it('holds a breaker open in every process, says who has applied it, and releases it', async () => {
    const forced = await sc(`force-open payments ${REASON} --for 10m --wait 30s`)

    expect(forced).toMatchObject({ exit: 0, err: '' })
    expect(forced.out).toMatch(
      /^payments is forced open until \d\d:\d\d:\d\d \((9m59s|10m00s)\)\.\nApplied by 3 of 3 processes in \d+ ms\.\nUndo: short-circuit release payments --reason "…"\n$/,
    )
    for (const member of members) expect(await member.state()).toBe('open')

    const released = await sc('release payments --reason "provider is back" --wait 30s')

    expect(released.out).toMatch(/^payments is closed\.\nApplied by 3 of 3 processes in \d+ ms\.\n/)
    for (const member of members) expect(await member.state()).toBe('closed')
  })

  it('names the processes that have not applied it, and ends with 6', async () => {
    members[1]?.freeze()

    const { exit, out } = await sc(`disable mail ${REASON} --forever --wait 1s`)

    expect(exit).toBe(6)
    expect(out).toMatch(
      /Applied by 2 of 3 processes in \d+ ms; missing: worker-1 \(last seen \S+ ago\)\./,
    )
    const fleet = JSON.parse((await sc('fleet --json')).out) as FleetSummary
    expect(fleet.processes).toMatchObject([
      { process: 'worker-1', state: 'behind', breaker: 'mail', text: 'disabled not applied yet' },
    ])
    expect(fleet.breakers).toMatchObject([
      { name: 'mail', state: 'disabled', behind: ['worker-1'], override: { by: 'ada' } },
    ])

    members[1]?.thaw()
    const summary = async () => (await sc('fleet --check')).exit
    await expect.poll(summary).toBe(0)
  })

  it('lists the breakers of the fleet, those that need attention first', async () => {
    for (const member of members) member.say('fail 10')
    await expect.poll(() => members[0]?.state()).toBe('open')

    const { exit, out } = await sc('ls')

    expect(exit).toBe(0)
    const [head, , titles, row, rest] = out.split('\n')
    expect(head).toBe(`1 of 2 breakers needs you · ${namespace} · ${head?.slice(-8)}`)
    expect(titles).toMatch(/^ {2}STATE +NAME +15 MIN +CALLS +FAILED +REJECTED +P99 +WHY$/)
    expect(row).toMatch(
      /^▲ open +\d+s payments .*too many calls failed, last seen by worker-\d; next probe in (1 min|\d+ s)$/,
    )
    expect(rest).toBe('  … 1 more is healthy (--all)')
    expect((await sc('ls --check')).exit).toBe(8)
    const list = JSON.parse((await sc('ls --json --all')).out) as List
    expect(list.rows.map(({ name, state }) => [name, state])).toEqual([
      ['payments', 'open'],
      ['mail', 'closed'],
    ])
  })

  it('says why one is as it is', async () => {
    await sc(`trip payments ${REASON} --for 5m`)

    const { out } = await sc('why payments')

    expect(out).toMatch(
      /^Circuit "payments" is open in the whole fleet: tripped, by ada; next probe in (5 min|4 min \d+ s)\.\n$/,
    )
    expect((await sc('get payments')).out).toContain(out.trim())
  })

  it('tells what has happened, and who did it', async () => {
    await sc(`force-closed mail ${REASON} --for 90s`)
    await sc('release mail --reason "over"')
    await sc('trip payments --reason "a test"')
    await sc('reset payments --reason "over"')

    const lines = (await sc('log --json')).out.trim().split('\n')
    const entries = lines.map((line): LogEntry => JSON.parse(line)).slice(-4)

    expect(entries.map(({ kind, text, by, reason }: LogEntry) => [kind, text, by, reason])).toEqual(
      [
        [
          'override',
          'forced closed for 1 min 30 s',
          'ada',
          'INC-2291: stop hammering the provider',
        ],
        ['release', 'released', 'ada', 'over'],
        ['trip', 'tripped', 'ada', 'a test'],
        ['reset', 'reset', 'ada', 'over'],
      ],
    )
    expect((await sc('log mail')).out.trim().split('\n').at(-1)).toMatch(
      /mail: released by ada \(over\)$/,
    )
  })

  it('lists the processes, those that differ first', async () => {
    members[2]?.say('trip')
    const different = await MemberProcess.start(
      memberOptions('cron', { resetTimeout: 30_000, service: 'cron', version: '1.7.9' }),
    )
    onTestFinished(async () => {
      await different.end()
      const gone = new Redis(server.port, '127.0.0.1')
      await gone.zrem(keysOf(namespace, 0).seen, 'cron')
      gone.disconnect()
    })
    // Reports carry to the store what differs, and from it which policy is another one's.
    const list = async (): Promise<string> => {
      for (const member of [...members, different]) member.say('succeed')
      return (await sc('fleet --all')).out
    }
    await expect.poll(list).toMatch(/^▲ cron +other policy .*cron 1\.7\.9 /m)
    await expect
      .poll(list)
      .toMatch(/^▲ worker-2 +isolated +\d+s ago +checkout 1\.8\.2 .*payments: open by itself/m)
    const out = await list()

    expect(out).toMatch(/ processes are up to date · /)
    expect(out).toMatch(/^ {2}PROCESS +STATE +SEEN +VERSION +UP FOR +WHAT DIFFERS$/m)
    members[2]?.say('reset')
  })

  it('watches: a line for each change, until it is interrupted', async () => {
    const interrupt = new AbortController()
    const isSeen = new Promise<void>((resolve) => {
      interrupt.signal.addEventListener('abort', () => resolve())
    })
    const watching = run(['watch'], env(), {
      interrupted: interrupt.signal,
      onOut: () => interrupt.abort(),
    })
    // It has begun when a change shows; one that came before is not shown.
    const trip = async (): Promise<boolean> => {
      await sc('trip payments --reason "a test"')
      return interrupt.signal.aborted
    }
    await expect.poll(trip).toBe(true)
    await isSeen

    const { exit, out } = await watching
    expect(exit).toBe(130)
    expect(out).toMatch(/^\d\d:\d\d:\d\d {2}payments: tripped by ada \(a test\)\n/)
  })

  it('is a program that ends by itself', async () => {
    const child = start(['fleet', '--all', '--json'], env())
    if (child.stdout === null) throw new Error('not piped')
    const [out, [exit]] = await Promise.all([text(child.stdout), once(child, 'exit')])

    expect(exit).toBe(0)
    expect((JSON.parse(out) as FleetSummary).counts).toMatchObject({ processes: 3, breakers: 2 })
  })

  it('waits for a state', async () => {
    await sc('trip payments --reason "a test"')
    const waiting = sc('wait payments --until closed --timeout 30s')
    await sc('reset payments --reason "over"')

    expect(await waiting).toMatchObject({ exit: 0, out: 'payments is closed.\n' })
    expect(await sc('wait payments --until open --timeout 1s')).toMatchObject({ exit: 6 })
  })

  it('keeps what it was told through a loss of all data: processes bring it back', {
    timeout: 120_000,
  }, async () => {
    await sc(`force-open payments ${REASON} --for 10m --wait 30s`)
    const redis = new Redis(server.port, '127.0.0.1')
    await redis.flushall()
    // Nothing is reported of a breaker that is forced open: it comes back by a poll, after 42 s at most.
    await expect
      .poll(() => redis.hget(keysOf(namespace, 0).breaker('payments'), 'ov'), { timeout: 90_000 })
      .toBe('forced-open')
    redis.disconnect()

    const list = JSON.parse((await sc('ls --json')).out) as List
    expect(list.rows.find(({ name }) => name === 'payments')).toMatchObject({
      override: { by: 'ada', reason: 'INC-2291: stop hammering the provider' },
    })
  })

  it('does nothing that it was not told enough about', async () => {
    expect(await sc('force-open payments --reason "INC-2291"')).toMatchObject({
      exit: 2,
      err: 'For how long? Add --for 10m (or 90s, 4h), or --forever to hold it until it is released.\n',
    })
    expect(await sc('get paymnets')).toMatchObject({
      exit: 3,
      err: `There is no breaker named "paymnets" in ${namespace}. Did you mean "payments"?\n`,
    })
    expect(await sc(`trip paymnets ${REASON}`)).toMatchObject({ exit: 3 })
    expect(await sc(`trip payments ${REASON} --process`)).toMatchObject({ exit: 2 })
    expect(await sc(`configure payments ${REASON} --set maxFailures=3`)).toMatchObject({ exit: 2 })
    expect(await sc('ls --url localhost:1 --store redis://localhost')).toMatchObject({ exit: 2 })
    expect(await sc('ls', { SHORT_CIRCUIT_NAMESPACE: 'a b' })).toMatchObject({ exit: 2 })
    expect(await sc('ls --store http://localhost')).toMatchObject({ exit: 2 })
    const version = (JSON.parse((await sc('get payments --json')).out) as Result).row.version
    await sc(`trip payments ${REASON}`)
    expect(await sc(`reset payments ${REASON} --if-version ${version}`)).toMatchObject({
      exit: 5,
      err: 'ada was faster: tripped. Look again.\n',
    })
  })

  it('says what does not answer, without its password', async () => {
    const store = 'redis://:geheim@127.0.0.1:1'
    expect(await sc(`ls --store ${store}`)).toMatchObject({
      exit: 1,
      err: 'Nothing answers at redis://127.0.0.1:1 (ECONNREFUSED).\nIs Redis running there? Set another address with --store or SHORT_CIRCUIT_STORE.\n',
    })
    const { exit, err } = await sc(`ls --store redis://nobody:geheim@127.0.0.1:${server.port}`)
    expect([exit, err.includes('geheim')]).toEqual([4, false])
  })

  it('needs no right to write for what only reads', async () => {
    const redis = new Redis(server.port, '127.0.0.1')
    const base = ['on', '>secret', 'resetchannels', `~sc1:{${namespace}:*`, `&sc1:{${namespace}:*`]
    await redis.call('ACL', 'SETUSER', 'looks', ...base, '+@read', '+time', '+hello', '+info')
    redis.disconnect()
    const store = `redis://looks:secret@127.0.0.1:${server.port}`

    expect((await sc(`fleet --all --store ${store}`)).out).toMatch(
      /^3 of 3 processes are up to date/,
    )
    expect(await sc(`ls --all --store ${store}`)).toMatchObject({ exit: 0 })
    const { exit, err } = await sc(`trip payments ${REASON} --store ${store}`)
    expect(exit).toBe(4)
    expect(err).toMatch(/^redis:\/\/127\.0\.0\.1:\d+ says: .*permissions/)
  })
})
