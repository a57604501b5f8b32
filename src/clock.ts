/**
 * The only source of time of a breaker. Pass your own to control time in tests, such as the
 * `ManualClock` of `short-circuit/testing`. Without one, the fake timers of test runners control
 * breakers as well: time goes as the timers of the process go, so they must replace `setTimeout`
 * and, with it, `performance` or `Date`. To replace `Date` or `performance` alone changes nothing.
 */
export interface Clock {
  /** Monotonic milliseconds from any origin. A step back counts as no time at all. */
  now(): number
  /** Milliseconds since 1970. Used for display only. */
  wall(): number
  /**
   * Calls `fn` once, `ms` from now; 0 means after the events that have already arrived. Returns a
   * function that cancels the timer. A pending timer keeps the process alive.
   */
  setTimer(ms: number, fn: () => void): () => void
}

/** With longer delays, the timers of every runtime fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** What a platform may lack, and programs may replace. */
interface Platform {
  readonly setTimeout: (fn: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly setImmediate?: (fn: () => void) => unknown
  readonly clearImmediate: (immediate: unknown) => void
  readonly MessageChannel?: typeof MessageChannel
  readonly navigator?: { readonly userAgent?: string }
  readonly performance?: { readonly now: () => number }
  readonly process?: { readonly getBuiltinModule?: (name: string) => object | undefined }
}

interface AsyncHooks {
  readonly AsyncLocalStorage?: { readonly snapshot?: () => <T>(fn: () => T) => T }
}

const platform = globalThis as unknown as Platform

/** Next.js puts functions that throw in the place of those that its edge runtime does not have. */
const hasStubs = 'EdgeRuntime' in platform

// As they are at import. What differs later has been replaced, by fake timers for example.
const { setTimeout: importedTimeout, clearTimeout: importedClear } = platform
const { setImmediate: importedImmediate } = platform
const ImportedDate = Date
const importedWall = ImportedDate.now
const importedNow = platform.performance?.now
const importedTime: () => number = importedNow?.bind(platform.performance) ?? importedWall
/** Workers show 0 until their first request, and from then on the time since 1970: that 0 is no reading. */
const monotonicNow = importedTime() === 0 ? () => importedTime() || Number.NaN : importedTime

/** The time of the process: the default clock of a breaker. */
export const systemClock: Clock = /* @__PURE__ */ createClock(
  // By its own name, which engines resolve once: 1 to 2 ns less for each reading.
  () => (globalThis.setTimeout === importedTimeout ? monotonicNow() : replacedNow()),
  platform,
)

/** The same without what may have been put in the place of its parts. */
const importedClock = /* @__PURE__ */ createClock(monotonicNow, {
  setTimeout: importedTimeout,
  clearTimeout: importedClear,
})

function createClock(
  now: () => number,
  timers: Pick<Platform, 'setTimeout' | 'clearTimeout'>,
): Clock {
  return {
    now,
    wall: () => Date.now(),
    setTimer: (ms, fn) => {
      if (ms <= 0) return nextTurn(fn)
      // Both now: what replaces one of them meanwhile does not know the timers of the other.
      const { setTimeout, clearTimeout } = timers
      const timer = setTimeout(fn, Math.min(ms, LONGEST_TIMER))
      return () => {
        // Fake timers that have been taken out may not be touched: those of Node then lose others.
        if (setTimeout === importedTimeout || setTimeout === platform.setTimeout)
          clearTimeout(timer)
      }
    },
  }
}

/** Where the clock that was put in place of the imported one began, in terms of that one. */
let replacement = { timers: importedTimeout, last: 0, origin: 0 }

/** Time by what replaced the timers: it goes on from where the imported clock stands. */
function replacedNow(): number {
  const { performance, setTimeout } = platform
  const other = performance?.now === importedNow ? Date : performance
  if (other === ImportedDate || other === undefined) return monotonicNow()
  const time = other.now()
  if (setTimeout !== replacement.timers || time < replacement.last) {
    // Whole, so that sums with whole milliseconds are exact.
    const now = Math.ceil(monotonicNow()) + sinceStart(time)
    replacement = { timers: setTimeout, last: 0, origin: now - time }
  }
  replacement.last = time
  return replacement.origin + time
}

/** How long a fake clock has been going, when it is first read: they start at 0, or at the time it is. */
function sinceStart(time: number): number {
  const plausible = [time, time - importedWall()].find((ms) => ms >= 0 && ms < LONGEST_TIMER)
  return plausible ?? 0
}

/**
 * Runs one turn of the event loop later. In Node an immediate runs after the poll phase, so answers
 * that wait in the sockets are handled first; a timer of 0 ms would run before them.
 */
function nextTurn(fn: () => void): () => void {
  const { clearImmediate, setTimeout, clearTimeout, navigator } = platform
  const setImmediate = hasStubs ? undefined : platform.setImmediate
  // In Workers its messages come before the microtasks that wait already.
  const workers = navigator?.userAgent === 'Cloudflare-Workers'
  const MessageChannel = workers || hasStubs ? undefined : platform.MessageChannel
  const real = setImmediate === importedImmediate && timersLast()
  if (setImmediate && (real || !MessageChannel)) {
    const immediate = setImmediate(fn)
    return () => clearImmediate(immediate)
  }
  // No fake timers replace it.
  if (MessageChannel) {
    const { port1, port2 } = new MessageChannel()
    const received = (): void => {
      port1.close()
      fn()
    }
    port1.addEventListener('message', received)
    port1.start()
    port2.postMessage(undefined)
    return () => port1.close()
  }
  // A fake one would fire a millisecond later, so that a test would have to wait for it as well.
  let run: (() => void) | undefined = fn
  const timer =
    setTimeout === importedTimeout ? setTimeout(fn, 0) : void Promise.resolve().then(() => run?.())
  return () => {
    run = undefined
    clearTimeout(timer)
  }
}

let last: boolean | undefined

/**
 * True where a timer fires whatever becomes of the call that armed it: on servers, whose timers say
 * whether they are pending. Elsewhere the end of a request may take its timers away, as in Workers,
 * or that of a test, if the timers are fake.
 */
export function timersLast(): boolean {
  if (last === undefined) {
    // Not at import, when some platforms allow no timer.
    const timer = importedTimeout(() => {}, 1) as { readonly _destroyed?: boolean } | undefined
    importedClear(timer)
    last = outside !== undefined && timer?._destroyed === true
  }
  return last
}

/** Runs a function in the async context of the import: a timer that is armed there keeps no call's. */
export const outside: (<T>(fn: () => T) => T) | undefined =
  builtinModule<AsyncHooks>('node:async_hooks')?.AsyncLocalStorage?.snapshot?.()

/** A module of Node, or of a runtime that has them as well; undefined elsewhere. */
export function builtinModule<Module>(name: string): Module | undefined {
  return hasStubs ? undefined : (platform.process?.getBuiltinModule?.(name) as Module | undefined)
}

/** The clock whose timers calls by `clock` may share; undefined if each of them needs its own. */
export function sharedClock(clock: Clock): Clock | undefined {
  if (!timersLast()) return undefined
  if (clock !== systemClock) return clock
  return platform.setTimeout === importedTimeout ? importedClock : undefined
}
