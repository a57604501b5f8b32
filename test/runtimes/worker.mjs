import { smoke } from './smoke.mjs'
import { entries } from './worker-entries.mjs'

export default {
  async fetch() {
    try {
      const name = await smoke(entries['.'], entries['./testing'])
      return new Response(`smoke test passed on ${name}`)
    } catch (error) {
      return new Response(error.stack, { status: 500 })
    }
  },
}
