import { checkPatch, readOptions } from '../options/check-options.ts'
import { changedOptions } from '../options/compare-options.ts'
import { machineSettings, resolveOptions } from '../options/resolve-options.ts'
import type { ConfigurePatch } from '../options.ts'
import type { Circuit } from './circuit.ts'
import { publish } from './publish.ts'

/** The effect of `configure`. */
export interface ConfigureResult {
  /** The options that changed, with their new values. */
  readonly changed: Readonly<Record<string, unknown>>
  /** Names what the new options had no room for. */
  readonly lost: readonly string[]
}

/** Changes options live; changes nothing when any part of the patch is wrong. */
export function configure(circuit: Circuit, name: string, patch: ConfigurePatch): ConfigureResult {
  const given = readOptions('patch', patch)
  checkPatch(given)
  const userOptions = { ...circuit.userOptions, ...given, name }
  const resolved = resolveOptions(userOptions)
  const changed = changedOptions(circuit.namedOptions, resolved)
  const settings = machineSettings(resolved, (error, source) => circuit.report(error, source))
  const lost = circuit.machine.configure(settings, circuit.clock.now())
  circuit.replaceOptions(resolved, userOptions)
  circuit.flush()
  publish(circuit, 'configure', { changed, lost })
  return { changed, lost }
}
