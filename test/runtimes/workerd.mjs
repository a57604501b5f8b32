import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'

// npx puts the packages it fetched first on PATH, and nowhere else.
const [bin] = process.env.PATH.split(delimiter)
const { Miniflare } = createRequire(join(bin, '../noop.js'))('miniflare')

const worker = new Miniflare({
  modules: true,
  scriptPath: 'worker.bundle.mjs',
  compatibilityDate: '2026-07-01',
})
try {
  const response = await worker.dispatchFetch('http://worker.example/')
  const text = await response.text()
  if (response.status !== 200) throw new Error(text)
  console.log(`smoke test passed on ${text}`)
} finally {
  await worker.dispose()
}
