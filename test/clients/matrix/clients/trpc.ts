import { initTRPC } from '@trpc/server'
import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const { router, procedure } = initTRPC.create()
const _routes = router({
  say: procedure.query(() => 'hello'),
  write: procedure.mutation(() => 'written'),
})

export const trpc: Client = {
  name: 'tRPC',
  packages: ['@trpc/client'],
  guarded: 'protect(createTRPCClient<Routes>(…), breaker)',
  trap: 'errors of the caller are errors, too: a `classify` looks at `data.httpStatus`',
  methods: ['say.query', 'write.mutate'],
  cancelledBy: 'signal',
  async connect({ protect }) {
    const { createTRPCClient, httpLink } = await import('@trpc/client')
    const upstream = await HttpUpstream.start({
      answer: (_, response) => json(response, 200, { result: { data: 'hello' } }),
      fail: (_, response) => {
        const data = { code: 'INTERNAL_SERVER_ERROR', httpStatus: 500 }
        json(response, 500, { error: { message: 'out of order', code: -32_603, data } })
      },
    })
    const client = protect(
      createTRPCClient<typeof _routes>({ links: [httpLink({ url: upstream.url })] }),
    )
    const options = (signal?: AbortSignal) => (signal === undefined ? {} : { signal })
    return {
      upstream,
      uses: {
        query: (signal) => client.say.query(undefined, options(signal)),
        mutate: (signal) => client.write.mutate(undefined, options(signal)),
      },
    }
  },
}
