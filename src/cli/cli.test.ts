import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createAdmin, type TestAdmin } from '../../test/helpers/admin.ts'
import { fail, succeed } from '../../test/helpers/public.ts'
import type { AdminOptions } from '../admin/index.ts'
import { clockTime } from './display.ts'
import type { Io } from './io.ts'
import { run } from './run.ts'

interface Terminal {
  readonly admin: TestAdmin
  /** Runs a command line. */
  sc(line: string, options?: RunOptions): Promise<{ exit: number; out: string; err: string }>
}

/** Asks without a network, and stops reading when it is aborted. */
function fetchFrom({ handler }: TestAdmin, before: (url: string) => void = () => {}): typeof fetch {
  const ask = async (url: string, init: RequestInit): Promise<Response> => {
    before(url)
    const response = await handler(new Request(url, init), { address: '127.0.0.1' })
    const { signal } = init
    if (response.body === null || signal == null) return response
    return new Response(response.body.pipeThrough(new TransformStream(), { signal }), response)
  }
  return ask as typeof fetch
}

interface RunOptions {
  readonly env?: Record<string, string>
  readonly columns?: number
  readonly rows?: number
  /** Is given what hears the keys. */
  readonly keys?: (press: (key: string) => void) => void
  /** What is answered at the terminal, in order; without it, there is no terminal. */
  readonly answers?: readonly string[]
  readonly fetch?: typeof fetch
  /** Where to stop: after so many lines of output. */
  readonly until?: (out: string) => boolean
  readonly interrupted?: AbortController
}

function create(options: Partial<AdminOptions> = {}): Terminal {
  const admin = createAdmin({
    process: { id: 'checkout-7f9c4', name: 'checkout-api', environment: 'prod-eu' },
    ...options,
  })
  onTestFinished(() => admin.handler.close())
  const sc: Terminal['sc'] = async (line, given = {}) => {
    const written = { out: '', err: '' }
    const controller = given.interrupted ?? new AbortController()
    const answers = [...(given.answers ?? [])]
    const io: Io = {
      env: given.env ?? {},
      isTerminal: given.answers !== undefined,
      columns: given.columns ?? 200,
      rows: given.rows ?? 24,
      onKey(listener) {
        given.keys?.(listener)
        return () => {}
      },
      fetch: given.fetch ?? fetchFrom(admin),
      findConnect: () => Promise.reject(new Error('no fleet here')),
      findCreatePool: () => Promise.reject(new Error('no fleet here')),
      out(text) {
        written.out += text
        if (given.until?.(written.out)) controller.abort()
      },
      err: (text) => (written.err += `${text}\n`),
      async ask(question, preset = '') {
        written.err += `${question}\n`
        return answers.shift() || preset
      },
      readFile: async (path) => {
        if (path === '/run/token') return 'dG9rZW4tb2YtYWRhLWZyb20tYS1maWxl\n'
        throw new Error('no such file')
      },
      now: () => admin.clock.now(),
      sleep: async (ms) => admin.clock.advance(ms),
      interrupted: controller.signal,
      user: 'ada',
    }
    const exit = await run(words(line), io)
    return { exit, ...written }
  }
  return { admin, sc }
}

/** As a shell takes a line apart. */
function words(line: string): string[] {
  return Array.from(line.matchAll(/"([^"]*)"|\S+/g), ([word, quoted]) => quoted ?? word)
}

/** Three breakers that need attention or are held, one to be watched, two healthy. */
async function fleet(): Promise<Terminal> {
  const terminal = create()
  const { registry, clock } = terminal.admin
  for (const name of ['cart', 'mail', 'users']) await succeed(registry.breaker(name))
  for (let i = 0; i < 3; i++) await fail(registry.breaker('payments'))
  registry.breaker('mail').forceOpen({
    by: 'ada',
    reason: 'CHG-118: provider migration',
    for: 2_700_000,
  })
  for (let i = 0; i < 2; i++) await fail(registry.breaker('inventory'))
  await clock.advance(4_000)
  return terminal
}

describe('ls', () => {
  it('shows those that need attention, are held or are to be watched, and counts the others', async () => {
    const { admin, sc } = await fleet()

    const { exit, out } = await sc('ls')

    expect(exit).toBe(0)
    expect(out.split('\n')).toEqual([
      `1 of 5 breakers needs you · checkout-api prod-eu · ${clockTime(admin.clock.now())}`,
      '',
      '  STATE     NAME       15 MIN                        CALLS  FAILED  REJECTED  P99  WHY',
      '▲ open   4s payments   ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂█  0.8/s   100 %         0    –  3 calls failed in a row (limit 3); next probe in 26 s',
      '■ open*  4s mail       ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂█  0.3/s     0 %         0    –  *forced open by ada: CHG-118: provider migration; 44 min 56 s more',
      '  closed 4s inventory  ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂  0.5/s   100 %         0    –  consecutiveFailures is at 2 of 3',
      '  … 2 more are healthy (--all)',
      '',
    ])
  })

  it.each([200, 110, 80, 50])(
    'fits a terminal of %i columns, and cuts nothing in a pipe',
    async (columns) => {
      const { admin, sc } = await fleet()
      admin.registry.breaker('payments').forceClosed({ reason: 'x'.repeat(100) })

      const terminal = await sc('ls', { columns, answers: [], env: { NO_COLOR: '1' } })
      const piped = await sc('ls', { columns })

      for (const line of terminal.out.split('\n').slice(1)) {
        expect(Math.max(line.length, 72)).toBeLessThanOrEqual(Math.max(columns, 72))
      }
      expect(piped.out).toContain('P99')
      expect(piped.out).not.toContain('…x')
    },
  )

  it('shows all with --all, and those that fit a pattern', async () => {
    const { sc } = await fleet()

    expect((await sc('ls --all')).out).toContain('users')
    const { out } = await sc('ls "*a?t"')
    expect(out).toContain('cart')
    expect(out).not.toContain('payments')
  })

  it('loses none that gets worse between two pages', async () => {
    const { admin, sc } = create()
    const names = Array.from({ length: 1_200 }, (_, i) => `b${String(i).padStart(4, '0')}`)
    for (const name of names) await succeed(admin.registry.breaker(name))
    let pages = 0
    const fetch = fetchFrom(admin, () => {
      // Of the last page by trouble to the first one, which was read.
      if (++pages === 2) admin.registry.breaker('b1100').trip('not there')
    })

    const { out } = await sc('ls --all --json', { fetch })
    const rows = JSON.parse(out).rows.map(({ name }: { name: string }) => name)

    expect(pages).toBeGreaterThan(2)
    expect(rows.toSorted()).toEqual(names)
    expect(rows[0]).toBe('b1100')
  })

  it('says that one other is well', async () => {
    const { admin, sc } = create()
    await succeed(admin.registry.breaker('users'))
    admin.registry.breaker('orders').trip()

    expect((await sc('ls')).out).toMatch(/\n {2}… 1 more is healthy \(--all\)\n$/)
  })

  it('says that all is well', async () => {
    const { admin, sc } = create()
    await succeed(admin.registry.breaker('users'))

    const { out } = await sc('ls')

    expect(out).toMatch(/^None of 1 breaker needs you · .*\n {2}It is healthy \(--all\)\n$/)
    expect((await create().sc('ls')).out).toMatch(/^There are no breakers · /)
  })

  it.each([
    ['ls --check', 8],
    ['ls --check --state closed', 0],
    ['ls', 0],
  ])('ends %s with %i', async (line, exit) => {
    expect(await (await fleet()).sc(line)).toMatchObject({ exit })
  })

  it('prints the answer of the server as JSON', async () => {
    const { sc } = await fleet()

    const { out } = await sc('ls --json')

    expect(JSON.parse(out)).toMatchObject({
      process: { id: 'checkout-7f9c4' },
      counts: { total: 5, byClass: [1, 1, 1, 2] },
      rows: expect.arrayContaining([expect.objectContaining({ name: 'payments', class: 0 })]),
    })
  })

  it('asks for further pages where they are needed', async () => {
    const { admin, sc } = create()
    for (let i = 0; i < 1_100; i++) admin.registry.breaker(`b${i}`)

    expect(JSON.parse((await sc('ls --all --json')).out).rows).toHaveLength(1_100)
  })

  it('shows control characters of names as symbols', async () => {
    const { admin, sc } = create()
    admin.registry.breaker('\u001B[31mred\n\u202Etfel').trip()

    const { out } = await sc('ls')

    expect(out).toContain('␛[31mred␊\uFFFDtfel')
    expect(out).not.toContain('\u001B')
  })

  it.each([
    [{ env: {} }, '--color always', true],
    [{ env: {} }, '', false],
    [{ env: {}, answers: [] }, '', true],
    [{ env: { NO_COLOR: '1' }, answers: [] }, '', false],
    [{ env: { FORCE_COLOR: '1' } }, '', true],
    [{ env: { TERM: 'dumb' }, answers: [] }, '', false],
    [{ env: { FORCE_COLOR: '1' } }, '--color never', false],
  ])('is coloured with %o and %j: %s', async (options, flag, isColored) => {
    const { sc } = await fleet()

    const { out } = await sc(`ls ${flag}`, options)

    expect(out.includes('\u001B[31m')).toBe(isColored)
  })
})

describe('why and get', () => {
  it('explain a breaker as the library does', async () => {
    const { admin, sc } = await fleet()
    const { text } = admin.registry.breaker('payments').explain()

    expect(await sc('why payments')).toEqual({ exit: 0, out: `${text}\n`, err: '' })
    expect((await sc('get payments')).out).toContain(text)
    expect(JSON.parse((await sc('get payments --json')).out).row.name).toBe('payments')
  })

  it.each(['a/b', '..', '-', '%', 'a b', 'ü'])('find the breaker %j', async (name) => {
    const { admin, sc } = create()
    admin.registry.breaker(name)

    expect(await sc(`why "${name}"`)).toMatchObject({ exit: 0 })
    const trip = `trip "${name}" --reason "a drill"`
    expect(await sc(trip)).toMatchObject({ exit: 0 })
    expect(admin.registry.get(name)?.state).toBe('open')
  })

  it('say which one was meant, and end with 3', async () => {
    const { sc } = await fleet()

    expect(await sc('get paymnets')).toEqual({
      exit: 3,
      out: '',
      err: 'There is no breaker named "paymnets". Did you mean "payments"?\n',
    })
  })
})

describe('a write', () => {
  const reason = '--reason "INC-2291: stop hammering the provider"'

  it('says what is so now, and how to take it back', async () => {
    const { admin, sc } = await fleet()
    const until = clockTime(admin.clock.now() + 600_000)

    expect(await sc(`force-open payments ${reason} --for 10m`)).toEqual({
      exit: 0,
      err: '',
      out: `payments is forced open until ${until} (10m00s). About 0.8/s are rejected.\nUndo: short-circuit release payments --reason "…"\n`,
    })
    expect(admin.registry.get('payments')?.snapshot().override).toMatchObject({
      mode: 'forced-open',
      by: 'ada',
    })
    expect(await sc(`release payments ${reason}`)).toMatchObject({
      exit: 0,
      out: 'payments is open.\nUndo: short-circuit force-open payments --reason "…" --for 600s\n',
    })
  })

  it.each([
    [`force-open payments ${reason}`, 'For how long? Add --for 10m (or 90s, 4h), or --forever'],
    ['force-open payments --for 10m', 'Why? Add --reason'],
    ['trip payments', 'Why? Add --reason'],
    [`force-open payments ${reason} --for 10m --forever`, 'not both'],
    [`force-open payments ${reason} --for soon`, '--for must be a time'],
    [`trip payments --reason no`, 'reason must be a text of 3 to 500 characters'],
    [`trip ${reason}`, 'Which one? short-circuit trip NAME'],
    [`trip a b ${reason}`, 'b is one too many'],
    [`reset payments ${reason} --for 10m`, "Unknown option '--for'"],
    [`configure payments ${reason} --set trip`, '--set takes OPTION=VALUE'],
    [`configure payments ${reason} --set history=-1`, 'history must be an integer'],
    ['ls --stat open', "Unknown option '--stat'"],
    ['ls --color blue', '--color must be'],
    ['wait payments --until gone', '--until must be'],
    ['explode payments', 'There is no command explode'],
    ['completion tcsh', 'bash, zsh, fish and powershell'],
    ['ls --url "http://["', 'is no address'],
  ])('or anything else that is incomplete ends with 2: %s', async (line, message) => {
    const { admin, sc } = await fleet()

    const { exit, err, out } = await sc(line)

    expect([exit, out]).toEqual([2, ''])
    expect(err).toContain(message)
    expect(admin.audit.filter(({ via, kind }) => via === 'command' && kind !== 'rejected')).toEqual(
      [],
    )
    expect(admin.registry.get('payments')?.snapshot().override).toBe(null)
  })

  it('asks at a terminal for what is missing, and whether it is meant', async () => {
    const { admin, sc } = await fleet()

    const { exit, err } = await sc('force-open payments', { answers: ['INC-7: hold', '', 'y'] })

    expect(exit).toBe(0)
    expect(err).toBe(
      'Why? \nFor how long? [10m] \nforce-open payments for 10m: INC-7: hold? [y/N] \n',
    )
    expect(admin.registry.get('payments')?.snapshot().override).toMatchObject({
      reason: 'INC-7: hold',
      until: admin.clock.now() + 600_000,
    })
  })

  it.each(['n', '', 'no', 'x'])('does nothing when the answer is %j', async (answer) => {
    const { admin, sc } = await fleet()

    expect(await sc(`trip cart ${reason}`, { answers: [answer] })).toMatchObject({ exit: 130 })
    expect(admin.registry.get('cart')?.state).toBe('closed')
  })

  it.each(['--yes', '--json'])('does not ask with %s', async (flag) => {
    const { admin, sc } = await fleet()

    expect(await sc(`trip cart ${reason} ${flag}`, { answers: [] })).toMatchObject({
      exit: 0,
      err: '',
    })
    expect(admin.registry.get('cart')?.state).toBe('open')
  })

  it('sends the version that was seen, and ends with 5 where it was changed meanwhile', async () => {
    const { admin, sc } = await fleet()
    const { row } = JSON.parse((await sc('get payments --json')).out)
    admin.registry.breaker('payments').disable({ by: 'bob', reason: 'me first' })

    const { exit, err } = await sc(`reset payments ${reason} --if-version ${row.version}`)

    expect(exit).toBe(5)
    expect(err).toBe('bob was faster: disabled, no end. Look again.\n')
  })

  it('is by whom SHORT_CIRCUIT_BY says', async () => {
    const { admin, sc } = await fleet()
    await sc(`trip cart ${reason}`, { env: { SHORT_CIRCUIT_BY: 'grace' } })

    expect((await sc('log cart')).out).toContain('cart: tripped by grace (INC-2291')
    expect(admin.audit.at(-1)).toMatchObject({ via: 'command', by: 'grace', verified: false })
  })

  it('ends with 4 for who may not', async () => {
    const { sc } = create({ authorize: () => false })
    const reader = create({ authorize: () => ({ by: 'grafana', write: false }) })
    reader.admin.registry.breaker('cart')

    expect(await sc('ls')).toMatchObject({
      exit: 4,
      err: expect.stringContaining('SHORT_CIRCUIT_TOKEN'),
    })
    expect(await reader.sc(`trip cart ${reason}`)).toMatchObject({ exit: 4 })
  })
})

describe('configure', () => {
  it('says with --dry-run what it would change, and does it without', async () => {
    const { admin, sc } = await fleet()
    const line =
      'configure cart --reason "a try" --set trip.failureRate.threshold=0.6 --set history=2'

    const dry = await sc(`${line} --dry-run`)
    expect(dry).toMatchObject({ exit: 0, out: expect.stringContaining('history: 2') })
    expect(admin.registry.get('cart')?.options.history).toBe(8)

    expect(await sc(line)).toMatchObject({ exit: 0, out: 'cart: changed trip, history.\n' })
    expect(admin.registry.get('cart')?.options.trip.failureRate?.threshold).toBe(0.6)
  })
})

describe('log', () => {
  it('tells what has happened, the newest last', async () => {
    const { sc } = await fleet()

    const { out } = await sc('log')

    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.slice(10)),
    ).toEqual([
      'payments: opened: 3 calls failed in a row (limit 3)',
      'mail: forced open for 45 min by ada (CHG-118: provider migration)',
    ])
    expect((await sc('log mail --kind transition')).out).toBe('')
    expect((await sc('log --since 3s')).out).toBe('')
  })

  it('goes on with --follow, and is begun again when the connection is lost', async () => {
    const { admin, sc } = await fleet()
    let lost = 0
    const { out, err, exit } = await sc('log --follow --json', {
      fetch: fetchFrom(admin, (url) => {
        if (!url.includes('events')) return
        if (lost++ === 0) throw new TypeError('fetch failed')
        setImmediate(() => admin.registry.breaker('cart').trip('now'))
      }),
      until: (text) => text.includes('"now"'),
    })

    expect(exit).toBe(130)
    expect(err).toMatch(/^not connected for 0 s, trying again: Nothing answers at /)
    expect(out.trim().split('\n')).toHaveLength(3)
  })
})

describe('watch', () => {
  it('draws the table again when something changes, and only those lines', async () => {
    const { admin, sc } = await fleet()
    let ticks = 0
    const { out, exit } = await sc('watch', {
      answers: [],
      fetch: fetchFrom(admin, () => void setImmediate(() => admin.clock.advance(1_000))),
      until: () => ++ticks === 2,
    })

    expect(exit).toBe(130)
    const [first, second] = out.split('\u001B[?2026h').slice(1)
    expect(first).toContain('payments')
    expect(second).toContain('next probe in 25 s')
    expect(second).not.toContain('CHG-118: provider migration; 44 min 56 s')
  })

  /** Presses keys one after the other, each when the last one has shown. */
  async function press(
    { admin, sc }: Terminal,
    keys: readonly string[],
    options: RunOptions = {},
  ): Promise<{ exit: number; out: string; err: string }> {
    let hear: (key: string) => void = () => {}
    let isPressing = false
    const pressAll = async (): Promise<void> => {
      for (const key of keys) {
        hear(key)
        // What it asks the admin for is there then.
        for (let turns = 0; turns < 5; turns++) await admin.clock.advance(0)
      }
    }
    return sc('watch', {
      answers: [],
      keys: (listener) => {
        hear = listener
      },
      until: () => {
        if (!isPressing) setImmediate(() => void pressAll())
        isPressing = true
        return false
      },
      ...options,
    })
  }

  it('filters by what is typed, among the healthy ones too, until that is cleared', async () => {
    const terminal = await fleet()
    const typed = ['/', 'u', 's', 'x', 'backspace', 'return', '', '', 'j', 'return', '', '']

    const { out } = await press(terminal, [...typed, 'escape', 'q'])

    const frames = out.split('\u001B[?2026h')
    const found = frames.findIndex((frame) => frame.includes('Filter: us  (Esc clears it)'))
    expect(found).toBeGreaterThan(0)
    expect(frames.slice(0, found).join()).toContain('Filter: usx▏  (Enter keeps it, Esc clears it)')
    expect(out).toContain('Circuit "users" has')
    expect(frames.at(-1)).toContain('payments')
    expect(frames.at(-1)).not.toContain('Filter')
  })

  it('takes letters that are keys as part of what is looked for', async () => {
    const terminal = await fleet()

    const { exit, out } = await press(terminal, ['/', 'q', 'f', 'j', 'space', ':', 'escape', 'q'])

    expect(exit).toBe(0)
    expect(out).toContain('Filter: qfj :▏')
  })

  it('ends by the key q', async () => {
    expect(await press(await fleet(), ['q'])).toMatchObject({ exit: 0 })
  })

  it('explains the breaker that was chosen by keys', async () => {
    const terminal = await fleet()
    const { text } = terminal.admin.registry.breaker('mail').explain()

    const { out } = await press(terminal, ['j', 'down', 'k', 'j', 'return', '', '', 'q'])

    expect(out.replaceAll('\n\r\u001B[2K', ' ')).toContain(text.slice(0, 60))
  })

  it('acts on the breaker that was chosen, and asks as the commands do', async () => {
    const terminal = await fleet()

    const { err, exit } = await press(terminal, ['j', 'f', '', '', '', '', '', 'q'], {
      answers: ['INC-9: hold it', '5m', 'y'],
    })

    expect(exit).toBe(0)
    expect(err).toContain('force-open payments for 5m: INC-9: hold it? [y/N]')
    expect(terminal.admin.registry.get('payments')?.snapshot().override).toMatchObject({
      mode: 'forced-open',
      reason: 'INC-9: hold it',
    })
  })

  it('never writes more lines than the terminal has', async () => {
    const terminal = await fleet()
    for (let i = 0; i < 60; i++) terminal.admin.registry.breaker(`b${i}`).trip()

    const { out } = await press(terminal, ['j', 'q'], { rows: 10 })

    for (const frame of out.split('\u001B[?2026h')) {
      expect(frame.split('\n').length).toBeLessThanOrEqual(10)
    }
  })

  it('prints the events with --json', async () => {
    const { sc } = await fleet()

    const { out } = await sc('watch --json', { until: (text) => text.split('\n').length > 2 })

    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event)
    expect(events).toEqual(['hello', 'tick'])
  })

  it('gives up after the time that it is told', async () => {
    const { admin, sc } = create()

    const { exit, err } = await sc('log --follow --give-up 1m', {
      fetch: fetchFrom(admin, (url) => {
        if (url.includes('events')) throw new TypeError('fetch failed')
      }),
    })

    expect(exit).toBe(1)
    expect(err.split('\n').length).toBeGreaterThan(4)
  })
})

describe('wait', () => {
  it('ends when the state is there, or with 6', async () => {
    const { admin, sc } = await fleet()

    expect(await sc('wait payments --until half-open --timeout 1m')).toMatchObject({ exit: 0 })
    expect(await sc('wait payments --timeout 10s')).toEqual({
      exit: 6,
      out: '',
      err: 'payments is still half-open.\n',
    })
    expect(admin.registry.get('payments')?.state).toBe('half-open')
  })
})

describe('a server', () => {
  const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } })

  it('that does not answer is told with what to do', async () => {
    const { sc } = create()

    expect(await sc('ls', { fetch: () => Promise.reject(refused) })).toEqual({
      exit: 1,
      out: '',
      err: [
        'Nothing answers at http://localhost:9090 (ECONNREFUSED).',
        'Is the service running, and the admin handler mounted there? In Kubernetes: kubectl port-forward deploy/NAME 9090',
        'Set another address with --url or SHORT_CIRCUIT_URL.',
        '',
      ].join('\n'),
    })
  })

  it.each([
    ['<html>', 200],
    ['<html>', 502],
    ['', 500],
    ['{}', 500],
  ])('that is something else is told: %j with %i', async (body, status) => {
    const { sc } = create()

    const { exit } = await sc('ls', { fetch: async () => new Response(body, { status }) })

    expect(exit).toBe(1)
  })

  it.each(
    ['<html>', '{}', 'null', '[]', '"x"', '5', '{"rows":null,"row":null,"entries":null}'].flatMap(
      (body) =>
        ['ls', 'ls --all', 'why users', 'log', 'fleet', 'trip users --reason x'].map((line) => ({
          body,
          line,
        })),
    ),
  )('that is no admin is said to be none: $body to $line', async ({ body, line }) => {
    const { sc } = create()

    const { exit, err } = await sc(line, { fetch: async () => new Response(body) })

    expect(exit).toBe(1)
    expect(err).toMatch(/^What answers at .* is no admin of short-circuit: i/)
  })

  it('whose list does not go on is not read for ever', async () => {
    const { sc, admin } = create()
    admin.registry.breaker('users')
    const ask = fetchFrom(admin)
    const stuck = async (url: string, init: RequestInit): Promise<Response> => {
      const list = await (await ask(url.replace(/&after=[^&]*/, ''), init)).json()
      return Response.json({ ...(list as object), next: 'same' })
    }

    expect(await sc('ls --all', { fetch: stuck as typeof fetch })).toMatchObject({ exit: 0 })
  })

  it.each([
    ['--url http://a.example:1/x/', {}, 'http://a.example:1/x/api/v1/breakers'],
    ['', { SHORT_CIRCUIT_URL: 'b.example' }, 'http://b.example/api/v1/breakers'],
    ['--url c.example', { SHORT_CIRCUIT_URL: 'b.example' }, 'http://c.example/api/v1/breakers'],
  ])('is asked where %j and %o say', async (flag, env, expected) => {
    const urls: string[] = []
    const { sc } = create()
    const options: RunOptions = {
      env,
      fetch: async (url) => {
        urls.push(String(url))
        throw refused
      },
    }

    await sc(`ls ${flag}`, options)

    expect(urls[0]).toContain(expected)
  })

  it.each([
    [
      { SHORT_CIRCUIT_TOKEN: 'dG9rZW4tb2YtYWRhLWZyb20tZW52' },
      'Bearer dG9rZW4tb2YtYWRhLWZyb20tZW52',
    ],
    [{ SHORT_CIRCUIT_TOKEN_FILE: '/run/token' }, 'Bearer dG9rZW4tb2YtYWRhLWZyb20tYS1maWxl'],
    [{}, null],
  ])('gets the token of %o', async (env, expected) => {
    let sent: string | null = ''
    const { sc } = create({
      authorize: (request) => {
        sent = request.headers.get('authorization')
        return { by: 'ada', write: true }
      },
    })

    expect(await sc('ls', { env })).toMatchObject({ exit: 0 })
    expect(sent).toBe(expected)
  })

  it('is not asked when the file of the token can not be read', async () => {
    const env = { SHORT_CIRCUIT_TOKEN_FILE: '/nothing' }

    expect(await create().sc('ls', { env })).toMatchObject({ exit: 2 })
  })
})

describe('help', () => {
  it('is what every command says of itself, with all that it takes', async () => {
    const { sc } = create()
    const { out, exit } = await sc('help')

    expect(exit).toBe(0)
    for (const name of out.match(/^ {2}[a-z-]+/gm) ?? []) {
      const own = await sc(`${name.trim()} --help`)
      expect(own).toMatchObject({ exit: 0, err: '' })
      expect(own.out).toContain('--json')
      expect((await sc(`help ${name.trim()}`)).out).toBe(own.out)
    }
    expect(await sc('')).toMatchObject({ exit: 2 })
  })
})

describe('completion', () => {
  it('prints the names of breakers', async () => {
    const { sc } = await fleet()

    expect((await sc('completion names')).out.trim().split('\n').sort()).toEqual([
      'cart',
      'inventory',
      'mail',
      'payments',
      'users',
    ])
  })

  it.each(['bash', 'zsh', 'fish', 'powershell'])('prints a script for %s', async (shell) => {
    const { sc } = await fleet()

    const { exit, out } = await sc(`completion ${shell}`)

    expect(exit).toBe(0)
    for (const word of ['force-open', 'reason', 'completion names']) expect(out).toContain(word)
  })

  it.runIf(process.platform === 'linux')(
    'completes names in bash as text, whatever they contain',
    async () => {
      const { sc } = await fleet()
      const { out: script } = await sc('completion bash')
      const names = [
        'web one',
        '$(touch "$MARK")',
        '`touch "$MARK"`',
        'web*',
        "web'; touch $MARK; '",
      ]
      const mark = join(tmpdir(), `short-circuit-completion-${process.pid}`)
      const complete = (word: string): string => {
        const program = `${script}
short-circuit() { printf '%s\\n' "$@" >/dev/null; printf '%s\\n' ${names.map((name) => `'${name.replaceAll("'", "'\\''")}'`).join(' ')}; }
COMP_WORDS=(short-circuit why "$1"); COMP_CWORD=2; _short_circuit
for reply in "\${COMPREPLY[@]}"; do eval "printf '%s\\n' $reply"; done`
        const env = { ...process.env, MARK: mark }
        return execFileSync('bash', ['-c', program, 'bash', word], { env, encoding: 'utf8' })
      }

      expect(complete('').trim().split('\n')).toEqual(names)
      expect(complete('web o').trim()).toBe('web one')
      expect(existsSync(mark)).toBe(false)
    },
  )
})
