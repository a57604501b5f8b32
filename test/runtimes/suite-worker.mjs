import { runSuite } from './suite.bundle.mjs'

export default {
  async fetch(request) {
    try {
      return new Response(await runSuite(new URL(request.url).searchParams.get('control')))
    } catch (error) {
      return new Response(error.stack, { status: 500 })
    }
  },
}
