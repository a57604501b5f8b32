import { smoke } from './smoke.mjs'
import { entries } from './worker-entries.mjs'

export default {
  async fetch() {
    try {
      return new Response(await smoke(entries['.'], entries['./testing']))
    } catch (error) {
      return new Response(error.stack, { status: 500 })
    }
  },
}
