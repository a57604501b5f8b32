import type { TestedBreaker } from './adapter.ts'
import { type ConformanceCase, defineCase, insist, notApplicable } from './conformance-case.ts'
import {
  drain,
  elapse,
  fail,
  HeldCall,
  hold,
  holdMany,
  observe,
  RESET_TIMEOUT,
  ran,
  succeed,
  trip,
} from './held-call.ts'

const setup = { maxFailures: 3, resetTimeout: RESET_TIMEOUT }

function throwNow(): never {
  throw new Error('down')
}

async function* failing(): AsyncGenerator<string> {
  yield 'first'
  throw new Error('connection lost')
}

async function* endless(): AsyncGenerator<string> {
  for (;;) yield 'item'
}

/** Consumes a stream through the breaker, at most `items` of it. */
async function consume(
  breaker: TestedBreaker,
  produce: () => AsyncIterable<unknown>,
  items = Number.POSITIVE_INFINITY,
): Promise<void> {
  const consuming = (async () => {
    const stream = breaker.stream?.(produce) ?? (await breaker.call(async () => produce()))
    let left = items
    for await (const _ of stream as AsyncIterable<unknown>) {
      if (--left <= 0) break
    }
  })()
  // Whether the consumer hears of it is not the question.
  consuming.catch(() => {})
  await drain()
}

/** What a result counts as. */
export const outcomeCases: readonly ConformanceCase[] = [
  defineCase({
    id: 'K10',
    title: 'The action throws synchronously',
    expects: 'a failure, also as a probe, and no probe is lost by it',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)
      for (let i = 0; i < 3; i++) await observe(breaker, throwNow)
      insist(breaker.state() === 'open', `stayed ${breaker.state()} through three such failures`)

      await elapse(bed, RESET_TIMEOUT + 1)
      await observe(breaker, throwNow)
      await elapse(bed, 60_000)

      insist((await succeed(breaker)).ran, 'a probe that throws at once took the place for good')
    },
  }),
  defineCase({
    id: 'K11',
    title: 'The action returns undefined, or 42, without a promise',
    expects: 'a success with that value',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)
      for (const value of [undefined, 42, undefined, 42, undefined, 42]) {
        const call = await observe(breaker, () => value)
        insist(call.status === 'fulfilled', `${value} became "${String(call.result)}"`)
        insist(call.result === value, `${value} became ${String(call.result)}`)
      }

      insist(breaker.state() === 'closed', `reads ${breaker.state()}`)
    },
  }),
  defineCase({
    id: 'K20',
    title: 'A listener throws when a call succeeds',
    expects: 'the caller gets its value, nothing counts as a failure, nothing escapes',
    requires: ['listener'],
    async check(bed) {
      const breaker = bed.create(setup)
      const listen = breaker.onSuccess ?? breaker.onClose
      if (listen === undefined) notApplicable('the adapter does not provide listener')
      listen.call(breaker, () => {
        throw new Error('listener')
      })
      if (breaker.onSuccess === undefined) {
        await trip(breaker)
        await elapse(bed, RESET_TIMEOUT + 1)
      }

      const calls = [await succeed(breaker), await succeed(breaker), await succeed(breaker)]
      const [first] = calls

      const got = first?.status === 'pending' ? 'nothing' : `"${String(first?.result)}"`
      insist(first?.result === 'value', `the listener threw and the caller got ${got}`)
      insist(breaker.state() === 'closed', `the throwing listener left it ${breaker.state()}`)
      const escaped = bed.escapedErrors?.().length ?? 0
      insist(escaped === 0, 'the error escaped to the host as an uncaught one')
    },
  }),
  defineCase({
    id: 'K21',
    title: 'Callers abort their own calls, with an error and with a string as the reason',
    expects: 'no failure',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)

      for (const reason of [new DOMException('gone', 'AbortError'), 'client closed', undefined]) {
        const caller = new AbortController()
        const call = new HeldCall(breaker, caller.signal)
        await drain()
        insist(call.ran, 'rejects after calls that their callers aborted')
        caller.abort(reason)
        await drain()
      }

      insist(breaker.state() === 'closed', 'three aborted calls opened it')
      await trip(breaker)
    },
  }),
  defineCase({
    id: 'K22',
    title: 'Three async iterables fail after their first item',
    expects: 'three failures',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)

      for (let i = 0; i < 3; i++) await consume(breaker, failing)

      insist(breaker.state() === 'open', `stayed ${breaker.state()} through three such failures`)
    },
  }),
  defineCase({
    id: 'M7',
    title: '10 concurrent calls while closed',
    expects: 'all of them run at once',
    requires: [],
    async check(bed) {
      const breaker = bed.create(setup)

      const calls = await holdMany(breaker, 10)
      const running = ran(calls)
      for (const call of calls) call.succeed()
      await drain()
      const answered = calls.filter((call) => call.result === 'value').length

      insist(running === 10, `${running} of 10 ran at once`)
      insist(answered === 10, `${answered} of 10 callers got their value`)
    },
  }),
  defineCase({
    id: 'M8',
    title: '20 async actions that reject some turns later, two failures allowed',
    expects: 'two run',
    requires: [],
    async check(bed) {
      const breaker = bed.create({ ...setup, maxFailures: 2 })
      let running = 0

      for (let i = 0; i < 20; i++) {
        const call = await hold(breaker)
        if (call.ran) running++
        call.fail()
        await drain()
      }

      insist(running === 2, `${running} of 20 ran`)
    },
  }),
  defineCase({
    id: 'M9',
    title: 'The consumer leaves an async iterable after an item, five times',
    expects: 'no failure',
    requires: [],
    async check(bed) {
      const breaker = bed.create({ ...setup, maxFailures: 2 })

      for (let i = 0; i < 5; i++) await consume(breaker, endless, 1)

      insist(breaker.state() === 'closed', `leaving early made it ${breaker.state()}`)
      insist((await fail(breaker)).ran, 'rejects after consumers that left early')
    },
  }),
]
