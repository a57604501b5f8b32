import type { ManualOptions } from '../core/transition.ts'
import { checkByHand, checkPatch, readOptions } from '../options/check-options.ts'
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

/** What may be said beside the patch. */
export interface ConfigureOptions extends Omit<ManualOptions, 'fleet'> {
  /** Only tells what would change and what would be lost. Default: false. */
  readonly dryRun?: boolean | undefined
}

/** Changes options live; changes nothing when any part of the patch is wrong. */
export function configure(
  circuit: Circuit,
  name: string,
  patch: ConfigurePatch,
  options?: string | ConfigureOptions,
  more?: number,
): ConfigureResult {
  const { reason, by, dryRun } = checkByHand('configure', options, more)
  const given = readOptions('patch', patch)
  checkPatch(given)
  const userOptions = { ...circuit.userOptions, ...given, name }
  const resolved = resolveOptions(userOptions)
  const changed = changedOptions(circuit.namedOptions, resolved)
  const settings = machineSettings(resolved, (error, source) => circuit.report(error, source))
  const now = circuit.clock.now()
  if (dryRun) return { changed, lost: circuit.machine.clone().configure(settings, now) }
  const lost = circuit.machine.configure(settings, now)
  circuit.replaceOptions(resolved, userOptions)
  circuit.flush()
  publish(circuit, 'configure', { changed, lost, reason, by })
  return { changed, lost }
}
