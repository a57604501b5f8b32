// Makes a fresh clone ready to run: `node scripts/setup.mjs [tool…] [folder with packages of its own…]`.
// Runs before anything is installed, so it uses nothing but what Node 20.19 has.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { adviceFor, findTool, toolNames } from './tools.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const onCI = isSet(process.env.CI)

const args = process.argv.slice(2)
const folders = args.filter((arg) => arg.includes('/'))
const wanted = args.filter((arg) => !folders.includes(arg))
const unknown = wanted.filter((name) => !toolNames.includes(name))
if (unknown.length > 0) fail(`setup knows ${toolNames.join(', ')}; got ${unknown.join(', ')}.`)

checkNode()
installPackages('.')
for (const folder of folders) installPackages(folder)
installTools()

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  fail(`Node 20.19 or newer is needed, this is ${process.version}.`)
}

function installPackages(folder) {
  const reason = whyStale(folder)
  if (reason === undefined) return
  say(`${reason}: running npm ci, which takes about half a minute…`)
  const seconds = stopwatch()
  const cwd = join(root, folder)
  if (!run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd })) {
    fail(
      'npm ci failed; its own message is above. The packages come from the npm registry, so check the network first.',
    )
  }
  say(`packages installed in ${seconds()} s`)
}

// npm leaves a second lockfile in node_modules that lists what it really installed, written last:
// an interrupted installation has none.
function whyStale(folder) {
  const packagesIn = (file) => JSON.parse(readFileSync(join(root, folder, file), 'utf8')).packages
  const place = join(folder, 'node_modules')
  const wantedPackages = packagesIn('package-lock.json')
  let installed
  try {
    installed = packagesIn('node_modules/.package-lock.json')
  } catch {
    return `${place} is missing`
  }
  for (const [path, entry] of Object.entries(wantedPackages)) {
    if (!path.startsWith('node_modules/') || entry.link) continue
    const found = installed[path]
    if (found === undefined && entry.optional) continue
    if (found?.version !== entry.version || found?.integrity !== entry.integrity) {
      return `${place} is out of date (${path.slice('node_modules/'.length)})`
    }
  }
  return undefined
}

function installTools() {
  const missing = wanted.filter((name) => findTool(name) === undefined)
  if (missing.length === 0) return
  const isRoot = process.getuid?.() === 0
  const forbidden = isSet(process.env.SETUP_NO_APT)
  if (isRoot && !forbidden && run('apt-get', ['--version'], { stdio: 'ignore' })) {
    say(
      `installing ${missing.join(' and ')} on this machine with apt-get, since you are root and the tests need them; SETUP_NO_APT=1 forbids it…`,
    )
    const seconds = stopwatch()
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const quietly = { env, stdio: ['ignore', 'ignore', 'inherit'] }
    run('apt-get', ['-q', 'update'], quietly)
    run('apt-get', ['-q', 'install', '-y', '--no-install-recommends', ...missing], quietly)
    say(`apt-get finished in ${seconds()} s`)
  }
  const stillMissing = missing.filter((name) => findTool(name) === undefined)
  if (stillMissing.length === 0) return
  for (const name of stillMissing) say(adviceFor(name))
  if (forbidden) say('SETUP_NO_APT is set, so nothing is installed with apt-get.')
  else if (!isRoot) say('As root, on a machine with apt, this script installs them by itself.')
  if (onCI) fail('CI is set, so nothing may be skipped: stopping here.')
  say('Going on without: the tests that need them will fail and say so.')
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    ...options,
  })
  return status === 0
}

function isSet(value = '') {
  return /^(1|true)$/i.test(value)
}

function stopwatch() {
  const begin = performance.now()
  return () => ((performance.now() - begin) / 1000).toFixed(1)
}

function say(text) {
  console.log(`setup: ${text}`)
}

function fail(text) {
  console.error(`setup: ${text}`)
  process.exit(1)
}
