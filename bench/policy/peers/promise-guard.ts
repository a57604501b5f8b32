import type { Guard, GuardContext } from '../../../src/testing/simulation/guard.ts'

/** Calls an action through a breaker that only knows promises. */
export type Fire = (action: () => Promise<void>) => Promise<unknown>

export type PeerFactory = (context: GuardContext) => Fire

/** A guard around a library's own promises; they settle between two events of the simulation. */
export function promiseGuard(create: PeerFactory): (context: GuardContext) => Guard {
  return (context) => {
    const fire = create(context)
    return {
      request(call) {
        let started = false
        const action = (): Promise<void> =>
          new Promise((resolve, reject) => {
            started = true
            call.start({ success: resolve, failure: reject })
          })
        fire(action).then(undefined, () => {
          if (!started) call.refuse()
        })
      },
    }
  }
}
