// Other runtimes than the one at hand, from the npm registry.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './checks.mjs'
import { root } from './consumer.mjs'

/** The oldest Node that we support, and one of each version since. */
export const nodes = ['20.19.0', '22.23.3', '24.21.0', '26.10.0']

/**
 * The program of a package in a version, installed if it is not there yet.
 *
 * Not by npx: these packages fetch their program in an install script, which newer npm versions run
 * only when a package.json allows it. Moved into place when complete, so that an interrupted
 * installation is never mistaken for a runtime.
 */
export async function install(name, version) {
  const runtimes = join(root, '.cache/runtimes')
  const place = join(runtimes, `${name}@${version}`)
  if (!existsSync(place)) {
    mkdirSync(runtimes, { recursive: true })
    const workplace = mkdtempSync(join(runtimes, 'installing-'))
    const manifest = {
      private: true,
      dependencies: { [name]: version },
      allowScripts: { [name]: true, workerd: true },
    }
    writeFileSync(join(workplace, 'package.json'), JSON.stringify(manifest))
    const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
    try {
      await run('npm', ['install', ...flags], { cwd: workplace })
      if (!existsSync(place)) renameSync(workplace, place)
    } finally {
      rmSync(workplace, { recursive: true, force: true })
    }
  }
  return join(place, 'node_modules/.bin', name)
}
