import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Upstream } from '../upstream.ts'
import { createMailer as after } from './after.ts'
import { createMailer as before } from './before.ts'

let upstream: Upstream
let log: string[]

beforeEach(() => {
  vi.useFakeTimers()
  upstream = new Upstream()
  upstream.install()
  log = []
})

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

type Program = typeof after
type Mailer = ReturnType<Program>

const create = (program: Program, saved?: string) => program((line) => log.push(line), saved)

/** Sends a mail, with the pauses between attempts. */
async function send(mailer: Mailer): Promise<string> {
  const sent = mailer.send('ada')
  await vi.advanceTimersByTimeAsync(200)
  return sent
}

/** One mail, whose three attempts fail. */
async function open(mailer: Mailer): Promise<void> {
  upstream.behaviour = 'fail'
  await send(mailer)
}

describe.each([
  ['with cockatiel', before],
  ['with short-circuit', after],
])('the program %s', (_, program) => {
  it('sends a mail', async () => {
    expect(await send(create(program))).toBe('sent')
    expect(upstream.requests).toBe(1)
  })

  it('tries three times, and opens with the third failure in a row', async () => {
    const mailer = create(program)
    upstream.behaviour = 'fail'

    expect(await send(mailer)).toBe('failed')
    expect([upstream.requests, log]).toEqual([3, ['open']])
  })

  it('does not try again what was rejected', async () => {
    const mailer = create(program)
    await open(mailer)

    expect(await mailer.send('ada')).toBe('paused')
    expect(upstream.requests).toBe(3)
  })

  it('neither tries an invalid address again nor counts it', async () => {
    const mailer = create(program)
    upstream.behaviour = 'refuse'
    const sent = []
    for (let i = 0; i < 5; i++) sent.push(await send(mailer))

    expect(sent).toEqual(Array(5).fill('invalid'))
    expect([upstream.requests, log]).toEqual([5, []])
  })

  it('does not take an invalid address for a success: failures stay in a row', async () => {
    const mailer = create(program)
    upstream.behaviour = 'fail'
    const twice = mailer.send('ada')
    await vi.advanceTimersByTimeAsync(100)
    upstream.behaviour = 'refuse'
    await vi.advanceTimersByTimeAsync(100)
    expect(await twice).toBe('invalid')
    upstream.behaviour = 'fail'
    await send(mailer)

    expect(upstream.requests).toBe(4)
    expect(log).toEqual(['open'])
  })

  it('ends an attempt after 2 s', async () => {
    const mailer = create(program)
    upstream.behaviour = 'hang'
    const sent = mailer.send('ada')
    await vi.advanceTimersByTimeAsync(6_300)

    expect(await sent).toBe('late')
    expect([upstream.ended, log]).toEqual([3, ['open']])
  })

  it('stays open for 1 s, then 2 s, then 4 s, and closes with a success', async () => {
    const seconds: number[] = []
    let opened = 0
    const mailer = program((line) => {
      log.push(line)
      if (line === 'open') opened = Date.now()
      if (line === 'half-open') seconds.push(Math.floor((Date.now() - opened) / 1_000))
    })
    await open(mailer)
    while (seconds.length < 2) await send(mailer)
    upstream.behaviour = 'answer'
    while (seconds.length < 3) await send(mailer)

    expect(seconds).toEqual([1, 2, 4])
    expect(log).toEqual(['open', 'half-open', 'open', 'half-open', 'open', 'half-open', 'closed'])
  })

  it('sends nothing while it is paused', async () => {
    const mailer = create(program)
    const resume = mailer.pause()
    expect(await mailer.send('ada')).toBe('paused')
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(await mailer.send('ada')).toBe('paused')
    resume()
    expect(await mailer.send('ada')).toBe('sent')
    expect(upstream.requests).toBe(1)
  })

  it('is paused until both who have paused it resume', async () => {
    const mailer = create(program)
    const first = mailer.pause()
    const second = mailer.pause()
    first()
    expect(await mailer.send('ada')).toBe('paused')
    second()
    expect(await mailer.send('ada')).toBe('sent')
  })

  it('goes on where it was saved', async () => {
    const mailer = create(program)
    await open(mailer)
    const next = create(program, mailer.save())

    expect(await next.send('ada')).toBe('paused')
    await vi.advanceTimersByTimeAsync(1_000)
    upstream.behaviour = 'answer'
    expect(await next.send('ada')).toBe('sent')
  })
})

describe('the program with short-circuit, other than that with cockatiel,', () => {
  it('rejects at once while the probe is in flight, where calls of the other wait for it', async () => {
    const early = []
    for (const program of [before, after]) {
      const mailer = create(program)
      await open(mailer)
      await vi.advanceTimersByTimeAsync(1_000)
      upstream.behaviour = 'hang'
      const probe = mailer.send('ada')
      const second = mailer.send('ada')
      await vi.advanceTimersByTimeAsync(100)
      early.push(await Promise.race([second, 'waits']))
      upstream.behaviour = 'answer'
      upstream.release()
      await vi.advanceTimersByTimeAsync(100)
      await Promise.all([probe, second])
    }

    expect(early).toEqual(['waits', 'paused'])
  })

  it('does not open because callers have left', async () => {
    const logs = []
    for (const program of [before, after]) {
      log = []
      const mailer = create(program)
      upstream.behaviour = 'hang'
      for (let i = 0; i < 3; i++) {
        const caller = new AbortController()
        const sent = mailer.send('ada', caller.signal)
        await vi.advanceTimersByTimeAsync(10)
        caller.abort()
        await vi.advanceTimersByTimeAsync(300)
        await sent
      }
      logs.push(log)
    }

    expect(logs).toEqual([['open'], []])
  })

  it('is as open after a pause as it was before, where the other is closed', async () => {
    const sent = []
    for (const program of [before, after]) {
      const mailer = create(program)
      await open(mailer)
      mailer.pause()()
      upstream.behaviour = 'answer'
      sent.push(await mailer.send('ada'))
    }

    expect(sent).toEqual(['sent', 'paused'])
  })

  it('says that it has opened, and not that it was paused', async () => {
    const logs = []
    for (const program of [before, after]) {
      log = []
      create(program).pause()()
      logs.push(log)
    }

    expect(logs).toEqual([['open', 'closed'], []])
  })

  it('is resumed by whoever paused it last', async () => {
    const sent = []
    for (const program of [before, after]) {
      const mailer = create(program)
      mailer.pause()
      mailer.pause()()
      sent.push(await mailer.send('ada'))
    }

    expect(sent).toEqual(['paused', 'sent'])
  })

  it('can be resumed after a restart', async () => {
    const sent = []
    for (const program of [before, after]) {
      const mailer = create(program)
      mailer.pause()
      const next = create(program, mailer.save())
      expect(await next.send('ada')).toBe('paused')
      next.pause()()
      sent.push(await next.send('ada'))
    }

    expect(sent).toEqual(['paused', 'sent'])
  })

  it('waits the rest of its open time after a restart, however long that took', async () => {
    const sent = []
    for (const program of [before, after]) {
      const mailer = create(program)
      await open(mailer)
      const saved = mailer.save()
      await vi.advanceTimersByTimeAsync(60_000)
      upstream.behaviour = 'answer'
      sent.push(await create(program, saved).send('ada'))
    }

    expect(sent).toEqual(['sent', 'paused'])
  })

  it('stays open for longer when it opens again soon after it has closed', async () => {
    const sent = []
    for (const program of [before, after]) {
      const mailer = create(program)
      await open(mailer)
      await vi.advanceTimersByTimeAsync(1_000)
      await send(mailer)
      await vi.advanceTimersByTimeAsync(2_000)
      upstream.behaviour = 'answer'
      await send(mailer)
      await open(mailer)
      upstream.behaviour = 'answer'
      await vi.advanceTimersByTimeAsync(1_000)
      sent.push(await send(mailer))
    }

    expect(sent).toEqual(['sent', 'paused'])
  })
})
