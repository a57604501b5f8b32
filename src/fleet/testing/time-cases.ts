import { insist } from '../../testing/conformance/conformance-case.ts'
import { askOf, HALF_OPEN, isSame, never, ONE, PATIENT, say, TRIP } from './asks.ts'
import { defineCase, rejectsWith, type StoreCase, until } from './store-case.ts'

const HOUR = 3_600_000

/** Runs it while all clocks of this process are wrong. */
async function withWrongClocks<T>(shift: number, run: () => Promise<T>): Promise<T> {
  const RightDate = globalThis.Date
  const { performance } = globalThis
  const right = performance.now.bind(performance)
  const own = Object.getOwnPropertyDescriptor(performance, 'now')
  globalThis.Date = new Proxy(RightDate, {
    construct: (target, args: [], newTarget) =>
      Reflect.construct(target, args.length > 0 ? args : [target.now() + shift], newTarget),
    get: (target, key, receiver) =>
      key === 'now' ? () => target.now() + shift : Reflect.get(target, key, receiver),
  })
  Object.defineProperty(performance, 'now', {
    value: () => right() + shift,
    configurable: true,
    writable: true,
  })
  try {
    return await run()
  } finally {
    globalThis.Date = RightDate
    if (own === undefined) Reflect.deleteProperty(performance, 'now')
    else Object.defineProperty(performance, 'now', own)
  }
}

/** Time, and what comes too late. */
export const timeCases: readonly StoreCase[] = [
  defineCase({
    id: 'S9',
    title: 'The clocks of the process are wrong by an hour, in both directions',
    expects: 'the time of the answers goes on, in whole ms',
    requires: ['clock of the engine'],
    async check(stores) {
      const store = await stores.open()
      const { nowMs } = await say(store)
      insist(Number.isInteger(nowMs), `the time is ${nowMs}`)
      for (const shift of [HOUR, -HOUR]) {
        const shifted = await withWrongClocks(shift, async () => say(await stores.open()))
        insist(
          Math.abs(shifted.nowMs - nowMs) < HOUR / 2,
          `it went by ${Math.round((shifted.nowMs - nowMs) / 60_000)} minutes`,
        )
      }
      await until('the next millisecond', async () => (await say(store)).nowMs > nowMs)
    },
  }),
  defineCase({
    id: 'S10',
    title: 'An ask arrives after its time',
    expects: 'it is refused as late, has no effect, and is told the registers',
    requires: [],
    async check(stores) {
      const store = await stores.open()
      const { registers, nowMs } = await say(store, { report: ONE })

      const late = await say(store, { report: ONE, command: TRIP, notAfter: nowMs - 1 })

      insist(late.refused === 'late', `it was answered as ${late.refused ?? 'any other'}`)
      insist(isSame(late.registers, registers), 'it was told other registers')
      const { fleet, registers: now } = await say(store)
      insist(isSame(now, registers), 'the command was obeyed')
      insist(fleet.success === 1, 'its report was counted')
    },
  }),
  defineCase({
    id: 'S11',
    title: 'The lease of a probe is not renewed, and expires',
    expects: 'another one is granted then, not before, and the result of the first has no effect',
    requires: [],
    async check(stores) {
      const [store, other] = [await stores.open(), await stores.open()]
      const policy = { ...PATIENT, leaseMs: 200 }
      await say(store, { policy, command: HALF_OPEN })
      const first = await say(store, { policy, lease: 'first' })
      insist(first.granted === true, 'the first lease was not granted')

      let second = first
      await until('another lease', async () => {
        second = await say(other, { process: 'p2', lease: 'second' })
        return second.granted === true
      })
      const held = second.nowMs - first.nowMs
      insist(held >= policy.leaseMs, `another one was granted after ${held} of 200 ms`)
      const result = { lease: 'first', outcome: 'failure' } as const
      const { state } = (await say(store, { result })).registers.automatic
      insist(state === 'half-open', `the late result made it ${state}`)
    },
  }),
  defineCase({
    id: 'S12',
    title: 'An ask whose signal was aborted before',
    expects: 'it rejects with the reason of the signal, and has no effect',
    requires: [],
    async check(stores) {
      const store = await stores.open()
      await say(store)
      const reason = new Error('too late')

      const asked = store.exchange([askOf({ command: TRIP })], AbortSignal.abort(reason))

      await rejectsWith(reason, asked)
      const { state } = (await say(await stores.open())).registers.automatic
      insist(state === 'closed', `it was obeyed: the breaker is ${state}`)
    },
  }),
  defineCase({
    id: 'S13',
    title: 'The engine hangs, and the signal is aborted',
    expects:
      'the exchange rejects at once with the reason, and the next one is answered when it goes on',
    requires: ['freeze'],
    async check(stores) {
      const store = await stores.open()
      const { nowMs } = await say(store)
      const reason = new Error('too late')
      const control = new AbortController()
      await stores.need('freeze')()
      const asked = store.exchange([askOf({ command: TRIP, notAfter: nowMs })], control.signal)
      const rejected = rejectsWith(reason, asked)

      control.abort(reason)

      await rejected
      await stores.bed.thaw?.()
      await until('an answer', () =>
        store.exchange([askOf()], never()).then(
          () => true,
          () => false,
        ),
      )
    },
  }),
]
