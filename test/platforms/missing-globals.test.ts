import { createRequire } from 'node:module'
import { createContext, runInContext } from 'node:vm'
import { EdgeVM } from '@edge-runtime/vm'
import { beforeAll, describe, expect, it } from 'vitest'
import { runInChild, runsTypeScript } from '../helpers/child-process.ts'
import { bundleScript } from './bundle.ts'

/** What a breaker does on the platform's own timers, in the order of its promises. */
const PROGRAM = `(async () => {
  const { CircuitBreaker } = short
  const seen = []
  const breaker = new CircuitBreaker({ maxFailures: 1, callTimeout: 20, resetTimeout: 40 })
  const controller = new AbortController()
  breaker.on('transition', ({ to }) => seen.push(to), { signal: controller.signal })
  breaker.on('success', () => {}, { signal: new AbortController().signal })()
  seen.push(await breaker(async () => 'answer')())
  const { signal } = controller
  seen.push(await breaker.run(async () => 'answer', { signal }))
  seen.push((await breaker(async (given) => ({ body: new Map([[1, given.aborted]]) }))(signal)).body.size)
  seen.push(await breaker.run(() => new Promise(() => {})).catch((error) => error.code))
  await new Promise((resolve) => setTimeout(resolve, 60))
  seen.push(await breaker.run(() => 'recovered'))
  controller.abort()
  seen.push(await breaker.run(() => new Promise(() => {})).catch((error) => error.code))
  const { inFlight, counts } = breaker.snapshot()
  return JSON.stringify({ seen, inFlight, timeouts: counts.timeout })
})()`

const EXPECTED = {
  seen: [
    'answer',
    'answer',
    1,
    'open',
    'ERR_CALL_TIMEOUT',
    'half-open',
    'closed',
    'recovered',
    'ERR_CALL_TIMEOUT',
  ],
  inFlight: 0,
  timeouts: 2,
}

const OPTIONAL = [
  'setImmediate',
  'MessageChannel',
  'FinalizationRegistry',
  'WeakRef',
  'performance',
  'console',
  'process',
  'structuredClone',
  'queueMicrotask',
]

const SETS = [
  ...OPTIONAL.map((name) => [name]),
  ['setImmediate', 'MessageChannel'],
  ['FinalizationRegistry', 'WeakRef'],
  OPTIONAL,
]

describe.runIf(runsTypeScript)('a process', () => {
  it.each(SETS.map((names) => ({ names })))('does not need $names', async ({ names }) => {
    // Printed by what Node has kept for itself: what is missing must be so for the library.
    const removal = `${names.map((name) => `delete globalThis.${name}`).join(';')};delete AbortSignal.any`
    const { stdout, stderr } = await runInChild(
      `import { writeSync } from 'node:fs'
      writeSync(1, await ${PROGRAM})`,
      '--import',
      `data:text/javascript,${encodeURIComponent(removal)}`,
    )

    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(EXPECTED)
  })
})

describe('a bundle', () => {
  let script: string
  beforeAll(async () => {
    script = await bundleScript()
  })

  it('runs in the edge runtime', async () => {
    const runtime = new EdgeVM()
    runtime.evaluate(script)

    const absent = runtime.evaluate<string>('typeof setImmediate + typeof MessageChannel')
    const result = await runtime.evaluate<Promise<string>>(PROGRAM)

    expect(absent).toBe('undefinedundefined')
    expect(JSON.parse(result)).toEqual(EXPECTED)
  })

  it('runs in the edge runtime of Next.js, where what is missing is there, and throws', async () => {
    const runtime = new EdgeVM()
    const missing = () => {
      throw new Error('not supported')
    }
    for (const name of ['setImmediate', 'clearImmediate', 'MessageChannel']) {
      Object.defineProperty(runtime.context, name, { get: () => missing })
    }
    runtime.context['process'] = { env: {}, getBuiltinModule: missing }
    runtime.evaluate(script)

    expect(JSON.parse(await runtime.evaluate<Promise<string>>(PROGRAM))).toEqual(EXPECTED)
  })

  it('runs in a window of jsdom', async () => {
    const { JSDOM } = createRequire(import.meta.url)('jsdom') as {
      JSDOM: new (html: string, options: object) => { window: { eval(code: string): unknown } }
    }
    const { window } = new JSDOM('', { runScripts: 'outside-only' })
    window.eval(script.replace(/^.*?var short/s, 'globalThis.short'))

    const absent = window.eval('typeof setImmediate + typeof MessageChannel')
    const result = (await window.eval(PROGRAM)) as string

    expect(absent).toBe('undefinedundefined')
    expect(JSON.parse(result)).toEqual(EXPECTED)
  })

  it('runs in a context that has little more than the language and timers', async () => {
    const context = createContext({ setTimeout, clearTimeout, AbortController })
    runInContext(script, context)

    expect(JSON.parse(await runInContext(PROGRAM, context))).toEqual(EXPECTED)
  })

  it('runs in a context whose timers are numbers that are counted up', async () => {
    const pending = new Map<number, NodeJS.Timeout>()
    let last = 0
    const context = createContext({
      AbortController,
      setTimeout: (fn: () => void, ms: number) => {
        pending.set(++last, setTimeout(fn, ms))
        return last
      },
      clearTimeout: (id: number) => clearTimeout(pending.get(id)),
    })
    runInContext(script, context)

    expect(JSON.parse(await runInContext(PROGRAM, context))).toEqual(EXPECTED)
  })
})
