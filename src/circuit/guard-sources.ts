import { type Clock, systemClock } from '../clock.ts'
import { show } from '../options/validate.ts'

type Report = (error: unknown, source: string) => void

/** In place of a random number: the middle of the range makes nothing longer or shorter. */
const NO_JITTER = 0.5

/**
 * A clock of the user's as the library reads it: a method that throws, or returns something else than
 * a number, must cost no call its permit. The time then stands still, and timers are those of the
 * process. The first error is reported.
 */
export function guardClock(clock: Clock, report: Report): Clock {
  if (clock === systemClock) return clock
  const failed = once((error) => report(error, 'clock'))
  let last = 0
  const read = (method: 'now' | 'wall', otherwise: number): number => {
    try {
      const reading: unknown = clock[method]()
      if (Number.isFinite(reading)) return reading as number
      failed(new TypeError(`clock.${method}() must return a finite number, got ${show(reading)}`))
    } catch (error) {
      failed(error)
    }
    return otherwise
  }
  const guarded: Clock = {
    now: () => {
      last = read('now', last)
      return last
    },
    wall: () => read('wall', 0),
    setTimer: (ms, fn) => {
      let cancel: unknown
      try {
        cancel = clock.setTimer(ms, fn)
      } catch (error) {
        failed(error)
        return systemClock.setTimer(ms, fn)
      }
      return () => {
        try {
          ;(cancel as () => void)()
        } catch (error) {
          failed(error)
        }
      }
    },
  }
  originals.set(guarded, clock)
  return guarded
}

const originals = /* @__PURE__ */ new WeakMap<Clock, Clock>()

/** The clock as the user gave it, which several breakers may share. */
export function originalClock(clock: Clock): Clock {
  return originals.get(clock) ?? clock
}

/** The user's random numbers in the same way: what is not one of [0, 1) makes no jitter. */
export function guardRandom(random: () => number, report: Report): () => number {
  if (random === Math.random) return random
  const failed = once((error) => report(error, 'random'))
  return () => {
    try {
      const number: unknown = random()
      if (typeof number === 'number' && number >= 0 && number < 1) return number
      failed(
        new TypeError(`random() must return a number from 0 to less than 1, got ${show(number)}`),
      )
    } catch (error) {
      failed(error)
    }
    return NO_JITTER
  }
}

function once(report: (error: unknown) => void): (error: unknown) => void {
  let reported = false
  return (error) => {
    if (!reported) report(error)
    reported = true
  }
}
