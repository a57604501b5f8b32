import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'

const [, , program] = process.argv
const { Miniflare } = createRequire(realpathSync(program))('miniflare')

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
