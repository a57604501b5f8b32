import { insist, notApplicable } from '../../testing/conformance/conformance-case.ts'
import type { FleetStore, Push } from '../index.ts'
import { isSame, ONE, range, say, TRIP } from './asks.ts'
import { defineCase, type StoreCase, until } from './store-case.ts'

interface Watching extends AsyncDisposable {
  readonly pushes: readonly Push[]
  readonly connects: () => number
}

/** Resolves when the subscription stands. */
async function watch(store: FleetStore): Promise<Watching> {
  if (store.watch === undefined) return notApplicable('the store does not push')
  const pushes: Push[] = []
  let connected = 0
  const subscription = store.watch(
    (push) => void pushes.push(push),
    () => void connected++,
  )
  await until('to subscribe', () => connected > 0)
  return {
    pushes,
    connects: () => connected,
    [Symbol.asyncDispose]: () => subscription[Symbol.asyncDispose](),
  }
}

/** What is pushed to those that watch. That nothing must depend on it, other cases show. */
export const watchCases: readonly StoreCase[] = [
  defineCase({
    id: 'S19',
    title: 'Processes watch, and one of them trips a breaker',
    expects: 'all are told the name, the registers, and the time of the store',
    requires: ['watch'],
    async check(stores) {
      const opened = [await stores.open(), await stores.open()]
      const watching = await Promise.all(opened.map(watch))

      const { registers, nowMs } = await say(await stores.open(), { name: 'käse', command: TRIP })

      for (const { pushes } of watching) await until('a push', () => pushes.length > 0)
      for (const { pushes } of watching) {
        const [push] = pushes
        insist(push?.name === 'käse', `the name was ${push?.name}`)
        insist(isSame(push.registers, registers), 'it was told other registers')
        const apart = Math.abs(push.nowMs - nowMs)
        insist(apart < 60_000, `its time is ${apart} ms from that of the answer`)
      }
      await Promise.all(watching.map((one) => one[Symbol.asyncDispose]()))
    },
  }),
  defineCase({
    id: 'S20',
    title: 'Many reports that change no state, then a trip',
    expects: 'only the trip is pushed',
    requires: ['watch'],
    async check(stores) {
      const store = await stores.open()
      const watching = await watch(await stores.open())
      for (const _ of range(20)) await say(store, { report: ONE })

      const { registers } = await say(store, { command: TRIP })

      const isTrip = ({ registers: to }: Push): boolean => isSame(to, registers)
      await until('a push', () => watching.pushes.some(isTrip))
      const others = watching.pushes.filter((push) => !isTrip(push))
      insist(others.length === 0, `${others.length} reports were pushed`)
      await watching[Symbol.asyncDispose]()
    },
  }),
  defineCase({
    id: 'S21',
    title: 'The subscriptions are interrupted',
    expects: 'they are mended, those that watch are told so, and hear of changes again',
    requires: ['watch', 'cut'],
    async check(stores) {
      const store = await stores.open()
      const watching = await watch(await stores.open())

      await stores.need('cut')()

      await until('to subscribe again', () => watching.connects() > 1)
      await say(store, { command: TRIP })
      await until('a push', () => watching.pushes.length > 0)
      await watching[Symbol.asyncDispose]()
    },
  }),
  defineCase({
    id: 'S22',
    title: 'One process stops watching, and disposes of its store, twice',
    expects: 'it hears nothing any more; others go on',
    requires: ['watch'],
    async check(stores) {
      const [store, other] = [await stores.open(), await stores.open()]
      const ended = await watch(store)
      const watching = await watch(other)

      await ended[Symbol.asyncDispose]()
      await ended[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()

      await say(other, { command: TRIP })
      await until('a push', () => watching.pushes.length > 0)
      insist(ended.pushes.length === 0, 'it still heard of a change')
      await watching[Symbol.asyncDispose]()
    },
  }),
]
