import { Engine } from '../../src/testing/simulation/engine.ts'
import type { SimulationResult } from '../../src/testing/simulation/result.ts'
import { resolveSetup, type SimulationOptions } from '../../src/testing/simulation/setup.ts'
import { VirtualClock } from '../../src/testing/simulation/virtual-clock.ts'
import type { Policy } from './policies.ts'
import { installVirtualTime } from './virtual-globals.ts'

const immediate = globalThis.setImmediate

/** One policy in one scenario. */
export async function runPolicy(
  policy: Policy,
  scenario: Omit<SimulationOptions, 'policy'>,
): Promise<SimulationResult> {
  const { seed, dependency, traffic = {} } = scenario
  const setup = resolveSetup({ seed, dependency, traffic })
  const { timeout, aborts } = setup.traffic
  // Clients that give up by themselves have not told the breaker when.
  const guard = policy.guard(aborts ? undefined : timeout)
  if (!policy.promises) {
    const engine = new Engine(setup, guard, timeout)
    while (engine.step());
    return engine.result()
  }
  const clock = new VirtualClock()
  const uninstall = installVirtualTime(clock)
  try {
    const engine = new Engine(setup, guard, timeout, clock)
    while (engine.step()) await new Promise<void>((resolve) => immediate(resolve))
    return engine.result()
  } finally {
    uninstall()
  }
}
