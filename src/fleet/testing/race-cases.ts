import { insist } from '../../testing/conformance/conformance-case.ts'
import { NO_REGISTERS } from '../index.ts'
import { askOf, HALF_OPEN, never, ONE, PATIENT, range, say } from './asks.ts'
import { defineCase, type StoreCase, type Stores } from './store-case.ts'

const ASKS = 100
const PROBES = 3

async function openSome(stores: Stores): Promise<Awaited<ReturnType<Stores['open']>>[]> {
  return Promise.all(range(4).map(() => stores.open()))
}

/** Several processes at once. */
export const raceCases: readonly StoreCase[] = [
  defineCase({
    id: 'S1',
    title:
      'Of four processes each sends 25 asks at once, all of one breaker, with one success each',
    expects: 'each of the hundred is counted once',
    requires: [],
    async check(stores) {
      const opened = await openSome(stores)

      await Promise.all(
        range(ASKS).map(async (i) => {
          const one = askOf({ process: `p${i % opened.length}`, report: ONE, nonce: i })
          return opened[i % opened.length]?.exchange([one], never())
        }),
      )

      const { fleet } = await say(await stores.open())
      insist(fleet.success === ASKS, `${fleet.success} of ${ASKS} were counted`)
    },
  }),
  defineCase({
    id: 'S2',
    title: 'Four processes ask at once for a hundred leases, with three probes allowed',
    expects: 'three are granted, and none after that',
    requires: [],
    async check(stores) {
      const opened = await openSome(stores)
      const policy = { ...PATIENT, probes: PROBES, successes: PROBES }
      const [first] = opened
      insist(first !== undefined, 'the store can not be opened')
      const { registers: known } = await say(first, { policy, command: HALF_OPEN })

      const answers = await Promise.all(
        range(ASKS).map(async (i) => {
          const lease = `lease.${i}`
          const one = askOf({ process: `p${i % opened.length}`, policy, known, lease, nonce: i })
          return opened[i % opened.length]?.exchange([one], never())
        }),
      )

      const granted = answers.filter((of) => of?.[0]?.granted).length
      insist(granted === PROBES, `${granted} leases were granted`)
      const late = await say(first, { policy, lease: 'late' })
      insist(late.granted === false, 'one more was granted while those were held')
    },
  }),
  defineCase({
    id: 'S3',
    title: 'Two processes trip a breaker at once, which both of them know as closed',
    expects: 'both end up with the same state, and so does the store',
    requires: [],
    async check(stores) {
      const [a, b] = [await stores.open(), await stores.open()]
      for (const i of range(20)) {
        const name = `breaker ${i}`
        const trip = (process: string, nonce: number) =>
          ({ name, process, nonce, known: NO_REGISTERS, command: { ...HALF_OPEN } }) as const
        const answers = await Promise.all([say(a, trip('p1', 1)), say(b, trip('p2', 2))])

        const stamps = answers.map(({ registers }) => registers.automatic.stamp)
        const { registers } = await say(a, { name })
        insist(new Set(stamps).size === 2, 'two contents have the same stamp')
        insist(
          registers.automatic.stamp === Math.max(...stamps),
          'the store does not have the newer one of the two',
        )
      }
    },
  }),
]
