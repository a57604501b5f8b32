import { insist } from '../../testing/conformance/conformance-case.ts'
import { NO_REGISTERS } from '../index.ts'
import { FORCE, HALF_OPEN, isSame, ONE, say, TRIP } from './asks.ts'
import { defineCase, type StoreCase } from './store-case.ts'

const DAY = 86_400_000

/** What a store has lost, has never had, or can't read. */
export const lossCases: readonly StoreCase[] = [
  defineCase({
    id: 'S14',
    title: 'The store loses an open state and an override, and a process that knows them asks',
    expects: 'it has both again, with their stamps',
    requires: ['lose'],
    async check(stores) {
      const store = await stores.open()
      await say(store, { command: TRIP })
      const { registers: known } = await say(store, { command: FORCE })

      await stores.need('lose')()
      await say(store, { known })

      const { registers } = await say(await stores.open(), { process: 'p2' })
      insist(isSame(registers, known), 'others are told something else')
    },
  }),
  defineCase({
    id: 'S15',
    title: 'The store loses a half-open state with its leases',
    expects: 'it is an open state that is over, with a new stamp',
    requires: ['lose'],
    async check(stores) {
      const store = await stores.open()
      await say(store, { command: HALF_OPEN })
      const { registers: known } = await say(store, { lease: 'first' })

      await stores.need('lose')()

      const { automatic } = (await say(store, { known })).registers
      insist(automatic.state === 'open', `it is ${automatic.state}`)
      insist(automatic.stamp > known.automatic.stamp, 'it has the stamp of another state')
      const { granted } = await say(store, { lease: 'second' })
      insist(granted === true, 'no lease is granted')
    },
  }),
  defineCase({
    id: 'S16',
    title: 'A process asks that knows something older',
    expects: 'it is told what is newer, and its report is not counted',
    requires: [],
    async check(stores) {
      const store = await stores.open()
      await say(store, { command: TRIP })
      const { registers } = await say(store, { command: { ...TRIP, kind: 'reset' } })

      const old = await say(store, { process: 'p2', known: NO_REGISTERS, report: ONE })

      insist(isSame(old.registers, registers), 'it is told something else')
      const { fleet } = await say(store, { known: registers })
      insist(fleet.success === 0, 'its report was counted')
    },
  }),
  defineCase({
    id: 'S17',
    title: 'A process knows a state that is a year ahead of the time of the store',
    expects: 'that is refused, and does not change the store',
    requires: [],
    async check(stores) {
      const store = await stores.open()
      const { registers, nowMs } = await say(store)
      const stamp = (nowMs + 365 * DAY) * 1024
      const known = { ...registers, automatic: { ...registers.automatic, stamp } }

      const answer = await say(store, { known })

      insist(answer.refused === 'ahead', `it was answered as ${answer.refused ?? 'any other'}`)
      insist(isSame((await say(store)).registers, registers), 'it was taken over')
    },
  }),
  defineCase({
    id: 'S18',
    title: 'A newer version of the package has written the record',
    expects: 'every ask is refused for its schema, and the record stays as it is',
    requires: ['putNewer'],
    async check(stores) {
      const store = await stores.open()
      await stores.putNewer('api')

      for (const command of [undefined, TRIP, FORCE]) {
        const { refused } = await say(store, { command })
        insist(refused === 'schema', `it was answered as ${refused ?? 'any other'}`)
      }
      const { refused } = await say(store, { name: 'other' })
      insist(refused === undefined, 'another breaker was refused, too')
    },
  }),
]
