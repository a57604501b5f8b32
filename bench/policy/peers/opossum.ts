import CircuitBreaker from 'opossum'
import type { PeerFactory } from './promise-guard.ts'

/**
 * opossum as it is installed, with its defaults. Its call timeout is off because the simulation's own
 * fails every call at the same moment; its percentiles are off because they decide nothing.
 */
export const opossum: PeerFactory = ({ changed }) => {
  const options = { timeout: false, rollingPercentilesEnabled: false, enableSnapshots: false }
  const breaker = new CircuitBreaker((action: () => Promise<void>) => action(), options as object)
  let state = 'closed'
  const move = (to: string) => () => {
    changed({ from: state, to, reason: state === 'closed' ? 'error percentage' : 'probe' })
    state = to
  }
  breaker.on('open', move('open'))
  breaker.on('halfOpen', move('half-open'))
  breaker.on('close', move('closed'))
  return (action) => breaker.fire(action)
}
