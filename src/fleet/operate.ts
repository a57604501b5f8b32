import { NO_REGISTERS } from './register.ts'
import { type Answer, type FleetCommand, type FleetStore, policyOfText } from './store.ts'

/** A store that answers later than that has not done it, ms. */
const NOT_AFTER = 5_000

/**
 * Does something by hand to a breaker of a fleet from a program that has no such breaker, and resolves with what
 * the store then has: the stamp of its registers tells who has heard of it. Resolves with undefined if the
 * store has no such breaker, and rejects if it was not done.
 */
export async function operate(
  store: FleetStore,
  name: string,
  command: FleetCommand,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  if (store.read === undefined) throw new TypeError('the store of this fleet can not be read')
  const { nowMs, breakers } = await store.read([name], signal)
  // It goes on by the policy that its processes have.
  const policy = policyOfText(breakers[0]?.policy ?? '')
  if (policy === undefined) return undefined
  const nonce = Math.floor(Math.random() * 1024)
  const ask = { name, process: 'operator', policy, known: NO_REGISTERS, command, nonce }
  const [answer] = await store.exchange([{ ...ask, notAfter: nowMs + NOT_AFTER }], signal)
  if (answer?.refused !== undefined || answer === undefined) {
    throw answer?.error ?? new Error(`the store has refused it: ${answer?.refused ?? 'no answer'}`)
  }
  return answer
}
