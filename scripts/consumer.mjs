import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './checks.mjs'
import { entries, manifest } from './entries.mjs'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Entries that import a framework for servers when they are loaded. */
const ON_SERVERS = ['./nestjs', './diagnostics']

/** The program of a development dependency. */
export function bin(name) {
  return join(root, 'node_modules/.bin', name)
}

/**
 * Packs the package as it would be published and installs the tarball into an empty project, which
 * also gets the files of `test/runtimes`, and `entries.mjs` and `entries.cjs`, which load every entry
 * of the package; `worker-entries.mjs` leaves out those whose peers are servers, or
 * that need a module of Node. `remove` deletes all of it.
 */
export async function createConsumer() {
  const folder = mkdtempSync(join(tmpdir(), 'short-circuit-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)

  const packed = join(folder, 'packed')
  mkdirSync(packed)
  await run('npm', ['pack', '--loglevel=error', '--pack-destination', packed], { cwd: root })
  const tarball = join(packed, readdirSync(packed)[0])

  const consumer = join(folder, 'consumer')
  cpSync(join(root, 'test/runtimes'), consumer, { recursive: true })
  writeFileSync(join(consumer, 'package.json'), '{ "private": true }\n')
  writeFileSync(join(consumer, 'entries.mjs'), importAll(entries))
  const portable = entries.filter(({ subpath }) => !ON_SERVERS.includes(subpath))
  writeFileSync(join(consumer, 'worker-entries.mjs'), importAll(portable))
  writeFileSync(join(consumer, 'entries.cjs'), requireAll())
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  await run('npm', ['install', ...flags, tarball, ...peers()], { cwd: consumer })
  return { folder: consumer, tarball, remove }
}

/** Optional, but who imports every entry needs them: those that are used here, or that only a workspace uses. */
function peers() {
  return Object.keys(manifest.peerDependencies).map(
    (name) => `${name}@${manifest.devDependencies[name] ?? manifest.peerDependencies[name]}`,
  )
}

// Bundlers and type checkers follow only literal specifiers, so the two files name each entry.
function importAll(entries) {
  const imports = entries.map(({ specifier }, i) => `import * as entry${i} from '${specifier}'\n`)
  const members = entries.map(({ subpath }, i) => `'${subpath}': entry${i}`)
  return `${imports.join('')}export const entries = { ${members.join(', ')} }\n`
}

function requireAll() {
  const members = entries.map(({ subpath, specifier }) => `'${subpath}': require('${specifier}')`)
  return `exports.entries = { ${members.join(', ')} }\n`
}
