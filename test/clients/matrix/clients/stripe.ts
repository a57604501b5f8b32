import type { Client } from '../client.ts'
import { HttpUpstream, json } from '../upstream.ts'

const CUSTOMER = { id: 'cus_1', object: 'customer' }

export const stripe: Client = {
  name: 'Stripe',
  packages: ['stripe'],
  guarded: 'protect(new Stripe(…), breaker)',
  trap: 'one call for all of its retries',
  methods: [
    'customers.retrieve',
    'customers.list',
    'customers.list().autoPagingToArray',
    'customers.list().autoPagingEach',
  ],
  paginates: true,
  cancelledBy: 'nothing',
  async connect({ protect }) {
    const { Stripe } = await import('stripe')
    const upstream = await HttpUpstream.start({
      answer: ({ url }, response) => {
        if (!url?.startsWith('/v1/customers?') && url !== '/v1/customers') {
          json(response, 200, CUSTOMER)
          return
        }
        const has_more = url.includes('limit=1') && !url.includes('starting_after')
        json(response, 200, { object: 'list', data: [CUSTOMER], has_more, url: '/v1/customers' })
      },
    })
    const { port } = upstream
    const settings = { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 } as const
    const client = protect(new Stripe('sk_test_key', settings))
    return {
      upstream,
      uses: {
        await: () => client.customers.retrieve('cus_1'),
        'a page': async () => (await client.customers.list()).data,
        'for await of pages': async () => {
          const ids: string[] = []
          for await (const { id } of client.customers.list()) ids.push(id)
          return ids
        },
        autoPagingToArray: () => client.customers.list().autoPagingToArray({ limit: 10 }),
        autoPagingEach: () => client.customers.list().autoPagingEach(() => {}),
      },
      pages: {
        'for await': async () => {
          for await (const _ of client.customers.list({ limit: 1 }));
        },
        autoPagingToArray: () =>
          client.customers.list({ limit: 1 }).autoPagingToArray({ limit: 10 }),
        autoPagingEach: () => client.customers.list({ limit: 1 }).autoPagingEach(() => {}),
        'for await of a promise that was awaited': async () => {
          const list = client.customers.list({ limit: 1 })
          await list
          for await (const _ of list);
        },
      },
    }
  },
}
