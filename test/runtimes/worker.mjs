import { entries } from './entries.mjs'
import { smoke } from './smoke.mjs'

export default {
  async fetch() {
    try {
      return new Response(await smoke(entries['.'], entries['./testing']))
    } catch (error) {
      return new Response(error.stack, { status: 500 })
    }
  },
}
