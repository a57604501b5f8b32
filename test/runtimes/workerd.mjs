import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'

const [, , program, scriptPath, query = ''] = process.argv
const { Miniflare } = createRequire(realpathSync(program))('miniflare')

const worker = new Miniflare({
  modules: true,
  scriptPath,
  compatibilityDate: '2026-07-01',
})
try {
  const response = await worker.dispatchFetch(`http://worker.example/${query}`)
  const text = await response.text()
  if (response.status !== 200) throw new Error(text)
  console.log(text)
} finally {
  await worker.dispose()
}
