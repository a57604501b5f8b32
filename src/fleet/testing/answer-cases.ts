import { insist } from '../../testing/conformance/conformance-case.ts'
import { type Answer, type FleetRecord, step } from '../index.ts'
import { askOf, FORCE, isSame, never, ONE, RandomAsks, range, say, TRIP } from './asks.ts'
import { defineCase, type StoreCase } from './store-case.ts'

const NAMES = [
  ...[
    'api',
    'API',
    ' api',
    'api ',
    'a.p.i',
    "o'clock",
    '"quoted"',
    'back\\slash',
    '%',
    '_',
    '*',
    '$1',
  ],
  ...['käse', 'ka\u0308se', '日本', '🙂', 'x'.repeat(128), `${'x'.repeat(127)}y`],
]
const TEXTS = ['', 'ada', 'déjà "vu"\\', "o'clock; --", 'two\nlines', '日本 🙂', 'x'.repeat(9_000)]

/** What must be equal to the answer of `step`; the rest depends on how many processes a store counts. */
function partsOf({ nowMs, registers, fleet, ...rest }: Answer): object {
  const { granted, refused, otherPolicy, created } = rest
  return { nowMs, registers, fleet, granted, refused, otherPolicy, created }
}

/** What is answered, when nothing goes wrong. */
export const answerCases: readonly StoreCase[] = [
  defineCase({
    id: 'S4',
    title: 'Three hundred asks of chance, one after the other',
    expects: 'each is answered as step answers it at that time',
    requires: [],
    async check(stores) {
      const opened = [await stores.open(), await stores.open()]
      const random = new RandomAsks(1)
      let record: FleetRecord | undefined
      for (const i of range(300)) {
        const ask = random.next()
        const answer = (await opened[i % 2]?.exchange([ask], never()))?.[0]
        insist(answer !== undefined, 'an ask was not answered')
        const expected = step(record, ask, answer.nowMs)
        record = expected.record
        random.hear(ask.process, answer.registers)
        const [is, should] = [partsOf(answer), partsOf(expected.answer)]
        insist(
          isSame(is, should),
          `ask ${i} was answered ${JSON.stringify(is)} in place of ${JSON.stringify(should)}`,
        )
      }
    },
  }),
  defineCase({
    id: 'S5',
    title: 'One exchange has 120 asks of 40 breakers',
    expects: 'each has its answer in its place, as if they came one after the other',
    requires: [],
    async check(stores) {
      const store = await stores.open()
      const asks = range(120).map((i) => askOf({ name: `breaker ${i % 40}`, report: ONE }))

      const answers = await store.exchange(asks, never())

      insist(answers.length === 120, `${answers.length} of 120 asks were answered`)
      for (const [i, { fleet }] of answers.entries()) {
        const should = Math.floor(i / 40) + 1
        insist(fleet.success === should, `ask ${i} was answered ${fleet.success}, not ${should}`)
      }
    },
  }),
  defineCase({
    id: 'S6',
    title: 'Names that differ in case, spaces, accents, quotes, or their last character',
    expects: 'each is another breaker',
    requires: [],
    async check(stores) {
      const store = await stores.open()
      const tripped = NAMES.filter((_, i) => i % 2 === 0)
      for (const name of tripped) await say(store, { name, command: TRIP })

      const other = await stores.open()
      for (const name of NAMES) {
        const { registers } = await say(other, { name })
        const should = tripped.includes(name) ? 'open' : 'closed'
        const { state } = registers.automatic
        insist(state === should, `${JSON.stringify(name)} is ${state} and should be ${should}`)
      }
    },
  }),
  defineCase({
    id: 'S7',
    title: 'A command says why and by whom in any text',
    expects: 'other processes are told the same text',
    requires: [],
    async check(stores) {
      const [store, other] = [await stores.open(), await stores.open()]
      for (const text of TEXTS) {
        await say(store, { command: { ...TRIP, by: text, reason: text } })
        await say(store, { command: { ...FORCE, by: text, reason: text } })
        const { automatic, override } = (await say(other)).registers
        const told = [automatic.by, automatic.note, override.by, override.reason]
        const wrong = told.find((it) => it !== text)
        insist(wrong === undefined, `${JSON.stringify(text)} came back as ${JSON.stringify(wrong)}`)
      }
    },
  }),
  defineCase({
    id: 'S8',
    title: 'Two processes take turns in changing a breaker and in asking for it, without pushes',
    expects: 'each is told what the other one has just done',
    requires: [],
    async check(stores) {
      const opened = [await stores.open(), await stores.open()]
      for (const i of range(50)) {
        const [writer, reader] = i % 3 === 0 ? opened : opened.toReversed()
        if (writer === undefined || reader === undefined) continue
        const by = `writer ${i}`
        await say(writer, { command: { ...(i % 2 === 0 ? TRIP : FORCE), by }, nonce: i })
        const { automatic, override } = (await say(reader, { process: 'p2' })).registers
        const told = i % 2 === 0 ? automatic.by : override.by
        insist(told === by, 'it is told something older')
      }
    },
  }),
]
