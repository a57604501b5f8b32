// The packed tarball in an application of Next.js: built for production, on its two runtimes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { transform } from 'esbuild'
import { run } from './checks.mjs'
import { root } from './consumer.mjs'

const app = join(root, 'test/clients/next')
const next = join(app, 'node_modules/next/dist/bin/next')
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' }

/** Runs the checks with the package that is installed in `consumer`. */
export async function checkNext(check, consumer) {
  const built = await check('Next.js, built for production', async () => {
    const installed = join(app, 'node_modules/short-circuit')
    rmSync(installed, { recursive: true, force: true })
    cpSync(join(consumer, 'node_modules/short-circuit'), installed, { recursive: true })
    for (const runtime of ['nodejs', 'edge']) await writeRoute(runtime)
    // The limit is for what hangs: on a busy machine it takes minutes.
    await run(process.execPath, [next, 'build'], { cwd: app, env, timeout: 600_000 })
  })
  if (!built) return
  const upstream = await startUpstream()
  const server = await startApp(upstream.origin)
  for (const runtime of ['nodejs', 'edge']) {
    await check(`the route of the recipe in Next.js, on ${runtime}`, () =>
      checkRoute(upstream, `${server.origin}/${runtime}/users/1`),
    )
  }
  await check('a server component of Next.js', () => checkPage(upstream, `${server.origin}/user`))
  await check('the cache of the fetch of Next.js', () =>
    checkCache(upstream, `${server.origin}/cached`),
  )
  await server.stop()
  await upstream.stop()
}

/** The recipe, as it stands in `examples/`, for one runtime. */
async function writeRoute(runtime) {
  const folder = join(app, 'app', runtime, 'users/[id]')
  mkdirSync(folder, { recursive: true })
  const recipe = readFileSync(join(root, 'examples/next-route.ts'), 'utf8')
  const { code } = await transform(recipe, { loader: 'ts' })
  writeFileSync(join(folder, 'route.js'), `export const runtime = '${runtime}'\n${code}`)
}

/** What the routes ask; `react` is set by each check. */
async function startUpstream() {
  const upstream = { received: 0, hanging: 0, react: undefined, origin: '', stop }
  const server = createServer((request, response) => {
    upstream.received++
    response.on('close', () => {
      if (!response.writableEnded) upstream.hanging--
    })
    upstream.react(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  upstream.origin = `http://127.0.0.1:${server.address().port}`
  return upstream

  async function stop() {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}

async function startApp(users) {
  const child = spawn(process.execPath, [next, 'start', '-H', '127.0.0.1', '-p', '0'], {
    cwd: app,
    env: { ...env, USERS: users },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'exit')
  const origin = await new Promise((resolve, reject) => {
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      said += text
      const [found] = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(said) ?? []
      if (found !== undefined) resolve(found)
    })
    ended.then(() => reject(new Error(`next start ended:\n${said}`)), reject)
  })
  const stop = async () => {
    process.off('exit', kill)
    kill()
    await ended
  }
  return { origin, stop }
}

async function checkRoute(upstream, url) {
  upstream.react = (response, { url }) => response.end(JSON.stringify({ url }))
  const first = await fetch(url)
  equal([first.status, (await first.json()).url], [200, '/users/1'], 'an answer')
  upstream.react = (response) => response.writeHead(404).end('{}')
  equal((await fetch(url)).status, 404, 'what is missing')

  upstream.react = () => upstream.hanging++
  equal((await fetch(url)).status, 504, 'an upstream that hangs')
  await until(() => upstream.hanging === 0, 'its request is ended')
  upstream.react = (response) => response.writeHead(500).end()
  for (let i = 0; i < 2; i++) equal((await fetch(url)).status, 502, 'an upstream that fails')
  let received
  let rejected
  await until(async () => {
    // On a busy machine it may be the probe.
    received = upstream.received
    rejected = await fetch(url)
    return rejected.status === 503
  }, 'a rejected call')
  equal(rejected.headers.get('content-type'), 'application/problem+json', 'its type')
  equal(Number(rejected.headers.get('retry-after')) >= 1, true, 'its Retry-After')
  equal(upstream.received, received, 'what has reached the upstream')

  upstream.react = (response) => response.end('{}')
  await until(async () => (await fetch(url)).status === 200, 'the upstream is back')
}

async function until(condition, what) {
  for (const end = Date.now() + 60_000; !(await condition()); ) {
    if (Date.now() > end) throw new Error(`still not so after 60 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function checkPage(upstream, url) {
  const shown = async () => /<p id="user">([^<]*)<\/p>/.exec(await (await fetch(url)).text())?.[1]
  upstream.react = (response) => response.end('Ada')
  equal(await shown(), 'Ada', 'an answer')
  upstream.react = (response) => response.writeHead(500).end()
  for (let i = 0; i < 3; i++) equal(await shown(), 'status 500', 'an upstream that fails')
  const { received } = upstream
  equal(await shown(), 'ERR_CIRCUIT_OPEN', 'a rejected call')
  equal(upstream.received, received, 'what has reached the upstream')
}

/** An answer of the cache is a success as well, of an upstream that is down. */
async function checkCache(upstream, url) {
  const begin = upstream.received
  const shown = async () => /<p>([^<]*)<\/p>/.exec(await (await fetch(url)).text())?.[1]
  upstream.react = (response) => response.end('from the upstream')
  equal(await shown(), 'from the upstream 1', 'an answer')
  upstream.react = (response) => response.writeHead(500).end()
  equal(await shown(), 'from the upstream 2', 'an answer of the cache')
  equal(upstream.received - begin, 1, 'what has reached the upstream')
}

function equal(actual, expected, what) {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (got !== wanted) throw new Error(`${what}: expected ${wanted}, got ${got}`)
}
