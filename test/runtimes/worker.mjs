import * as library from 'short-circuit'
import * as testing from 'short-circuit/testing'
import { smoke } from './smoke.mjs'

export default {
  async fetch() {
    try {
      return new Response(await smoke(library, testing))
    } catch (error) {
      return new Response(error.stack, { status: 500 })
    }
  },
}
